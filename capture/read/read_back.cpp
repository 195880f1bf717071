// SPDX-License-Identifier: BSD-3-Clause
#include "read/read_back.hpp"

#include "base/tell.hpp"
#include "base/text.hpp"
#include "print/print_lines.hpp"
#include "process/signals.hpp"

namespace xdpcap {

ReadBack::ReadBack(const Options& options, int stop_fd)
    : options_(options), stop_fd_(stop_fd), input_(options.read->input, stop_fd), choice_(options) {
  if (options.files.print) check_line_printer(options.files.print_style);
}

void ReadBack::run() {
  std::optional<Error> failure;
  try {
    reading([this] {
      return stream_.emplace([this](std::span<std::byte> into) { return read(into); }).interfaces();
    });
    if (options_.files.path != "/dev/null") file_.emplace(options_.files.path, input_, stop_fd_);
    read_blocks();
  } catch (const Stopped&) {
    if (!stream_) throw;
    ended_ = true;
    take_stop(stop_fd_);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    if (packets_ == 0) throw;
    failure = error;
  }
  const bool is_whole = !failure && !ended_;
  if (is_whole && chosen_ == 0) choice_.check_sources();  // before the output is changed
  finish();
  if (failure) {
    const char* const so_far =
        file_ ? "the packets before that are in the output" : "the packets before that are printed";
    throw Error(failure->what(), failure->hint().empty() ? so_far : failure->hint());
  }
  if (is_whole) choice_.check_sources();
}

// What is ready is shown before it waits for more, so that packets of a pipe appear at once. The
// stream takes an exception for the end of the file.
std::size_t ReadBack::read(std::span<std::byte> into) {
  try {
    if (flush()) return input_.read(into);
    ended_ = true;
  } catch (...) {
    interruption_ = std::current_exception();
  }
  return 0;
}

// A step of reading the stream: an error in the file, or the exception that ended it.
template <class Step>
auto ReadBack::reading(Step step) -> decltype(step()) {
  try {
    auto result = with_context("reading " + input_.name(), step);
    if (!interruption_) return result;
  } catch (const Error&) {
    if (!interruption_) throw;
  }
  std::rethrow_exception(interruption_);
}

void ReadBack::read_blocks() {
  while (!ended_) {
    std::optional<FileBlock> block;
    try {
      block = reading([this] { return stream_->next(); });
    } catch (const Error&) {
      if (ended_) return;  // in the middle of a block
      throw;
    }
    if (!block) return;
    take(*block);
  }
}

void ReadBack::take(const FileBlock& block) {
  using Kind = FileBlock::Kind;
  if (block.kind == Kind::packet) return take_packet(block);
  if (block.kind == Kind::statistics && choice_.leaves_out()) return;
  for (const FileInterface& one : stream_->interfaces()) {
    if (block.kind == Kind::interface && &one != &stream_->interfaces().back()) continue;
    choice_.note(one);
  }
  if (file_) file_->add(block);
}

void ReadBack::take_packet(const FileBlock& block) {
  ++packets_;
  const FileInterface& interface = stream_->interfaces()[block.packet.interface];
  if (!choice_.takes(block.packet, interface)) return;
  ++chosen_;
  if (file_) file_->add(block);
  if (options_.files.print) printed_.add(block.packet, interface);
  ended_ = chosen_ == options_.files.limits.packets;
}

// Returns false if nobody reads any more what is shown.
bool ReadBack::flush() {
  bool goes_on = true;
  if (!printed_.bytes().empty()) {
    if (!printer_) printer_.emplace(options_.files.print_style);
    goes_on = printer_->take_all(printed_.bytes(), printed_.packets(), stop_fd_);
    printed_.clear();
  }
  return (!file_ || file_->flush()) && goes_on;
}

void ReadBack::finish() {
  flush();
  const std::string unprinted = printer_ ? printer_->finish(stop_fd_) : "";
  if (file_) file_->finish();
  if (!options_.quiet) tell_counts();
  if (unprinted.empty()) return;
  if (!printer_->reader_gone() && !ended_) throw Error(unprinted);
  if (!options_.quiet) tell(unprinted + '\n', kLastTimeoutMilliseconds);
}

void ReadBack::tell_counts() {
  std::string text = counted(packets_, "packet") + " read\n";
  if (choice_.leaves_out()) text += counted(chosen_, "packet") + " selected\n";
  tell(text, kLastTimeoutMilliseconds);
}

}  // namespace xdpcap
