// SPDX-License-Identifier: BSD-3-Clause
#include "session/recording.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "filter/file_link_type.hpp"
#include "process/cpus.hpp"
#include "process/memory_limit.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

constexpr std::uint64_t kNoHorizon = ~std::uint64_t{0};
// A fate is known some hundred ns after its packet, or when the driver has finished its batch. If
// no event reports it (a tun device), the wait for it ends after this time.
constexpr std::uint64_t kFateTimeout = 20'000'000;
// When a ring fills, packets that are followed through the network stack wait only as long as the
// stack takes for a batch of packets.
constexpr std::uint64_t kShortFateTimeout = 1'000'000;

std::vector<CaptureDescription::Source> describe(const Sources& sources) {
  std::vector<CaptureDescription::Source> all;
  for (const auto& source : sources) {
    all.push_back({source->title().label, source->title().description});
  }
  return all;
}

std::vector<CaptureInterface> interfaces_of(const Sources& sources) {
  std::vector<CaptureInterface> interfaces;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (const XdpAction action : sources[i]->actions()) interfaces.push_back({i, action});
  }
  return interfaces;
}

// The reasons that the programs of the sources can give, if any.
std::optional<Reasons> reasons_of(const Sources& sources,
                                  const std::vector<CaptureInterface>& interfaces,
                                  const Options& options) {
  std::vector<std::vector<ProgramReasons>> found;
  bool any = false;
  for (const auto& source : sources) {
    found.push_back(find_reasons(source->programs()));
    any = any || !found.back().empty();
  }
  if (any) return Reasons(std::move(found), interfaces, read_cpus().possible, options.reasons);
  if (options.reasons.empty()) return std::nullopt;
  throw UsageError("--reason: the captured programs give no reasons",
                   "leave it out; xdpcap.h says how programs give them");
}

// A ring for each online CPU, of the given size or one that suits the machine.
Rings make_rings(const Options& options, const Cpus& cpus) {
  if (!records(options)) return {cpus.online, cpus.possible, 1};  // the smallest
  const std::uint64_t bytes =
      options.ring_bytes.value_or(default_ring_bytes(memory_limit(), cpus.online.size()));
  return {cpus.online, cpus.possible, bytes};
}

// A flight recorder has files of its own, and a capture that only counts has none.
FileOptions options_of_files(const Options& options) {
  if (!options.files.flight && !options.only_counts) return options.files;
  FileOptions none;
  none.path = "/dev/null";
  none.limits.duration = options.files.limits.duration;
  return none;
}

}  // namespace

Recording::Recording(const Options& options, const Sources& sources, int stop_fd)
    : options_(options),
      sources_(describe(sources)),
      interfaces_(interfaces_of(sources)),
      reasons_(reasons_of(sources, interfaces_, options)),
      checkpoint_(read_cpus().possible, interfaces_.size()),
      file_options_(options_of_files(options)),
      files_(file_options_, interfaces_.size(), checkpoint_, stop_fd),
      control_(static_cast<std::uint32_t>(interfaces_.size()), read_cpus().possible),
      rings_(make_rings(options, read_cpus())) {
  if (options.fates) trace_fates();
  if (!options.files.flight) return;
  flight_.emplace(options.files, interfaces_, checkpoint_, stop_fd);
  file().give_to(&*flight_);
}

std::vector<std::uint32_t> Recording::replaced_bytes() const {
  std::vector<std::uint32_t> bytes;
  for (std::uint32_t id = 0; id < interfaces_.size(); ++id) {
    const std::size_t reason = reasons_ && reasons_->are_in(id) ? sizeof(xdpcap_reason) : 0;
    const std::size_t fate = fates_ ? sizeof(xdpcap_fate) : 0;
    bytes.push_back(static_cast<std::uint32_t>(reason + fate));
  }
  return bytes;
}

// A capture without fates is better than none.
void Recording::trace_fates() {
  try {
    fates_.emplace(rings_, read_cpus().possible, *options_.fates, options_.trigger_fates,
                   interfaces_.size());
    if (!fates_->shortcoming().empty()) {
      fate_warning_ = "fates with numbers instead of names: " + fates_->shortcoming();
    }
  } catch (const Error& error) {
    // No packet could be selected, or none would be a trigger.
    if (!options_.fates->takes_all() || options_.trigger_fates) throw;
    fate_warning_ = std::string("no fates in this capture: ") + error.what() + "; " + error.hint();
  }
  if (fates_ && options_.follow_stack) follow_stack();
}

void Recording::follow_stack() {
  try {
    fates_->follow_stack(rings_, read_cpus().possible);
  } catch (const Error& error) {
    if (!options_.fates->word_of_stack().empty()) throw;
    fate_warning_ += (fate_warning_.empty() ? "" : "\n") +
                     std::string("--stack: of packets with XDP_PASS, only that is known: ") +
                     error.what();
  }
}

void Recording::commit() {
  const auto left_out = fates_ ? fates_->left_out() : std::span<const std::uint64_t>();
  if (flight_) return flight_->commit(rings_.cursors(), left_out, now());
  files_.commit(rings_.cursors(), left_out);
}

// Packets that are newer stay in the rings. If packets are followed through the network stack, all
// of them wait for what is reported of some, so that they stay in order.
std::uint64_t Recording::horizon() const {
  const std::uint64_t now = monotonic_now();
  if (!fates_ || !fates_->follows_stack()) return now - XDPCAP_MARK_DELAY;
  const std::uint64_t quarter = rings_.bytes_per_cpu() / 4;
  const bool filling =
      rings_.most_waiting() >= std::min(options_.watermark.value_or(quarter), quarter);
  return now - (filling ? kShortFateTimeout : kFateTimeout);
}

// The offset between the clocks changes when the machine is suspended.
bool Recording::drain(Timeout timeout) {
  if (file().end() == WriteEnd::interrupted && !write_batch(timeout)) return false;
  clock_.refresh();
  if (flight_) flight_->set_clock_offset(clock_.offset());
  const std::uint64_t horizon = this->horizon();
  const std::uint64_t settled = fates_ ? horizon - kFateTimeout : RingCursor::kAllSettled;
  if (!drain(horizon, settled, timeout)) return false;
  if (flight_) return write_flight(std::min(horizon, settled));
  files_.settle();
  if (files_.previous_has_ended()) {
    files_.end_previous();
    commit();
  }
  return true;
}

// After a failure the file can still be completed: packets that are not written count as lost.
std::exception_ptr Recording::drain_rest(Timeout timeout) {
  files_.stop_clocks();
  if (fates_ && fates_->follows_stack()) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kFateTimeout));
  }
  std::exception_ptr failure;
  constexpr int kTries = 2;  // the second one without rotation
  for (int i = 0; i < kTries; ++i) {
    try {
      if (!files_.limit_reached() && file().flush(timeout)) {
        drain(kNoHorizon, RingCursor::kAllSettled, timeout);
      }
      break;
    } catch (const Error&) {
      failure = std::current_exception();
      files_.stay();
    }
  }
  return failure;
}

bool Recording::drain(std::uint64_t horizon, std::uint64_t settled, Timeout timeout) {
  CaptureFile& file = this->file();
  take_notes();
  for (RingCursor& cursor : rings_.cursors()) cursor.refresh(settled);
  for (MergeEnd end = MergeEnd::full; end == MergeEnd::full;) {
    end = merge_.run(rings_.cursors(), horizon, [&](RingCursor& cursor) {
      if (file.is_full()) return false;
      xdpcap_block& block = cursor.block();
      if (!append(cursor, file)) return false;
      set_time(block, time_of(block) + clock_.offset());
      return true;
    });
    if (!write_batch(timeout)) return false;
  }
  return true;
}

// False when the output takes no more, or the capture is over.
bool Recording::write_batch(Timeout timeout) {
  if (!file().flush(timeout)) return false;
  commit();
  for (RingCursor& cursor : rings_.cursors()) cursor.release();
  if (fates_) fates_->flushed();
  if (reasons_) reasons_->clear_if_large();
  return rotate(timeout);
}

// Continues in the next file if one is due. False when the capture is over, or interrupted while it
// waited for a disk.
bool Recording::rotate(Timeout timeout) {
  if (!files_.is_due(monotonic_now())) return true;
  if (!files_.wait_for_previous({.interrupt_fd = timeout.interrupt_fd})) return false;
  files_.end_previous();
  const bool may_continue = files_.turn(statistics(), now());
  if (may_continue) commit();
  return may_continue;
}

std::string Recording::buffers() const {
  const std::string rings =
      "buffers " + size_text(rings_.bytes_per_cpu()) + " on " + counted(rings_.count(), "CPU");
  const std::size_t disk = files_.current().buffer_bytes();
  return disk == 0 ? rings : rings + ", " + size_text(disk) + " for the disk";
}

pcapng::Bytes Recording::header(std::string comment) const {
  return file_header({.sources = sources_,
                      .filter = options_.filter_text,
                      .link_type = file_link_type(options_.link_type),
                      .snaplen = options_.snaplen,
                      .budget = options_.budget,
                      .interfaces = interfaces_,
                      .section_comment = std::move(comment)});
}

Moment Recording::now() const {
  const std::uint64_t monotonic = monotonic_now();
  return {.monotonic = monotonic, .date = monotonic + clock_.offset()};
}

}  // namespace xdpcap
