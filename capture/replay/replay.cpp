// SPDX-License-Identifier: BSD-3-Clause
#include "replay/replay.hpp"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/tell.hpp"
#include "filter/file_link_type.hpp"
#include "filter/packet_filter.hpp"
#include "output/file_header.hpp"
#include "output/finished_files.hpp"
#include "process/signals.hpp"

namespace xdpcap {
namespace {

CaptureReader open_source(const Options& options) {
  CaptureReader source(options.replay->input);
  if (source.link_type() == options.link_type.dlt) return source;
  throw Error("replaying " + options.replay->input + ": its packets are of link type " +
                  source.link_type_name() + ", which XDP programs do not see on most interfaces",
              "if this program does, add --linktype " + source.link_type_name());
}

std::uint32_t interface_index(const std::string& interface) {
  if (interface.empty()) return 0;
  const std::uint32_t index = ::if_nametoindex(interface.c_str());
  if (index == 0) {
    throw system_error("--via " + interface, errno,
                       "it has to be in this network namespace (nsenter --net=... enters another)");
  }
  return index;
}

Output open_output(const Options& options, const CaptureReader& source, int stop_fd) {
  Output output = Output::open(options.files.path, stop_fd);
  if (source.is_same_file(output.fd())) {
    throw UsageError("writing to " + options.files.path + ": it is the capture to replay",
                     "name another file");
  }
  return output;
}

std::string interface_description(std::uint32_t interface) {
  if (interface == kBefore) return "before the program";
  if (interface == kOtherActions) return "no XDP action";
  return "XDP action " + XdpAction(interface).name();
}

}  // namespace

Replay::Replay(const Options& options, int stop_fd)
    : options_(options),
      stop_fd_(stop_fd),
      source_(open_source(options)),
      program_(LoadedProgram::find(options.replay->program)),
      test_run_(program_.fd(), interface_index(options.replay->interface)),
      file_(open_output(options, source_, stop_fd), kBefore + 1) {}

void Replay::run() {
  for (auto packet = next_packet(); packet; packet = next_packet()) {
    replay(*packet);
    if (output_ended_ || stop_requested(stop_fd_)) break;
  }
  if (read_error_ && !begun_) throw Error(*read_error_);
  begin();  // if no packet was run
  finish();
  if (read_error_) throw Error(read_error_->what(), "the packets before that are in the output");
}

std::optional<SourcePacket> Replay::next_packet() {
  try {
    return source_.next();
  } catch (const Error& error) {
    read_error_ = error;
    return std::nullopt;
  }
}

void Replay::replay(const SourcePacket& packet) {
  statistics_.count_read(packet);
  const auto outcome = test_run_.run(packet.bytes);
  if (!outcome) return statistics_.count_refused(packet.bytes.size());
  begin();
  const XdpAction action(outcome->action);
  const std::uint32_t interface = statistics_.count_action(action);
  if (!wants(action, outcome->packet)) return;
  statistics_.count_matched(interface);

  const auto kept = [this](std::span<const std::byte> bytes) {
    return bytes.first(std::min<std::size_t>(bytes.size(), options_.snaplen));
  };
  // The packet before and after the program has the same number in the file.
  const std::uint64_t number = statistics_.read();
  if (options_.replay->both) {
    write({.interface_id = kBefore,
           .time = packet.time,
           .bytes = kept(packet.bytes),
           .original_length = packet.original_length,
           .id = number,
           .verdict = std::nullopt});
  }
  write({.interface_id = interface,
         .time = packet.time,
         .bytes = kept(outcome->packet),
         .original_length = static_cast<std::uint32_t>(outcome->packet.size()),
         .id = number,
         .verdict = action.value()});
}

bool Replay::wants(XdpAction action, std::span<const std::byte> packet) const {
  const auto& actions = options_.actions;
  if (actions && std::find(actions->begin(), actions->end(), action) == actions->end()) {
    return false;
  }
  return filter_takes(options_.filter, options_.filter_offsets, packet);
}

void Replay::begin() {
  if (std::exchange(begun_, true)) return;
  FileDescription file{.interfaces = {},
                       .filter = options_.filter_text,
                       .link_type = file_link_type(options_.link_type),
                       .snaplen = options_.snaplen};
  const std::uint32_t interfaces = options_.replay->both ? kBefore + 1 : kBefore;
  for (std::uint32_t i = 0; i < interfaces; ++i) {
    file.interfaces.push_back({replay_interface_name(i), interface_description(i) + ", replay of " +
                                                             options_.replay->input + " with " +
                                                             program_.text()});
  }
  file_.begin(file_header(file));
  file_.connect();
}

void Replay::write(const pcapng::Packet& packet) {
  if (output_ended_) return;
  pcapng::Bytes bytes = pcapng::enhanced_packet(packet);
  const auto& block = *reinterpret_cast<const xdpcap_block*>(bytes.data());
  if (!file_.append(block)) {
    if (!file_.flush({.interrupt_fd = stop_fd_})) {
      output_ended_ = true;
      return;
    }
    waiting_.clear();
    file_.append(block);
  }
  waiting_.push_back(std::move(bytes));  // moving does not change the address of its data
}

void Replay::finish() {
  if (file_.end() == WriteEnd::reader_gone) return;
  const Timeout last{.milliseconds = kLastTimeoutMilliseconds};
  file_.flush(last);
  file_.give_up();
  tell((options_.quiet ? "" : statistics_.summary(file_.written())) +
           statistics_.shortcomings(file_.written()),
       kLastTimeoutMilliseconds);
  file_.finish(statistics_.blocks(file_.written()), last);
  wait_for_compressor();
}

void Replay::wait_for_compressor() {
  take_stop(stop_fd_);
  FinishedFiles file;
  file.add(options_.files.path, std::exchange(file_.output().compressor(), std::nullopt));
  file.wait(stop_fd_);
  file.check();
}

}  // namespace xdpcap
