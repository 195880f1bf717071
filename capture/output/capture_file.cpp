// SPDX-License-Identifier: BSD-3-Clause
#include "output/capture_file.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "process/memory_limit.hpp"

namespace xdpcap {
namespace {

// So long a disk that is not stuck may still take to finish after an interruption.
constexpr std::uint64_t kGrace = 500'000'000;
constexpr const char* kKept = "the packets written before are kept";

}  // namespace

CaptureFile::CaptureFile(Output output, std::size_t interfaces)
    : output_(std::move(output)), batch_(interfaces), written_(interfaces) {
  if (!output_.is_file() || !DiskWriter::suits(output_.fd())) return;
  disk_ = std::make_unique<DiskWriter>(ChunkPool::default_size(memory_limit()));
}

void CaptureFile::begin(const pcapng::Bytes& header) {
  const bool later = disk_ && output_.replaces_large_file();
  output_.begin(later ? Output::Contents::stay : Output::Contents::are_removed);
  begin_output(header, later ? Output::Contents::are_removed : Output::Contents::stay);
}

void CaptureFile::begin_output(const pcapng::Bytes& header, Output::Contents before) {
  header_ = header;
  batch_.append(header_);
  if (disk_) disk_->begin(output_.fd(), output_.start(), number_, before);
}

void CaptureFile::limit(FileLimits limits) {
  limits_ = limits;
  limited_ = limits.any();
}

bool CaptureFile::has_reached_limits() const {
  return size_ + batch_.size() >= limits_.bytes ||
         total_written() + batch_.total_packets() >= limits_.packets;
}

void CaptureFile::continue_in(Output output, const pcapng::Bytes& header) {
  if (std::exchange(retired_, false)) previous_ = Previous{.output = std::move(output_)};
  output_ = std::move(output);
  ++number_;
  size_ = 0;
  last_ = {};
  begin_output(header, Output::Contents::stay);
}

bool CaptureFile::flush(Timeout timeout) {
  if (last_.end == WriteEnd::failed || last_.end == WriteEnd::reader_gone) return false;
  if (taker_ != nullptr) {
    taker_->take(batch_);
  } else if (disk_) {
    last_ = disk_->append(batch_.pieces(), batch_.size(), timeout);
    if (previous_has_failed()) {
      give_up_previous();
      last_ = disk_->append(batch_.pieces(), batch_.size(), timeout);
    }
    size_ = disk_->position() - output_.start();
  } else {
    last_ = output_.write(batch_.pieces(), sent_, timeout);
    sent_ += last_.written;
    size_ += last_.written;
  }
  if (last_.end == WriteEnd::done) {
    if (printer_ != nullptr) printer_->take(batch_.pieces(), batch_.total_packets());
    count_batch();
  } else if (last_.end != WriteEnd::interrupted) {
    give_up();
  }
  return last_.end == WriteEnd::done;
}

bool CaptureFile::sync() {
  if (!disk_ || last_.end != WriteEnd::done) return last_.end == WriteEnd::done;
  last_ = disk_->finish();
  if (previous_has_failed()) {
    give_up_previous();
    last_ = disk_->finish();
  }
  if (last_.end == WriteEnd::failed) give_up();
  return last_.end == WriteEnd::done;
}

bool CaptureFile::wait_for_disk(int interrupt_fd) {
  if (!disk_) return true;
  if (last_.end == WriteEnd::interrupted) return false;
  return disk_->wait({.interrupt_fd = interrupt_fd}) ||
         disk_->wait({.end = monotonic_now() + kGrace});
}

void CaptureFile::give_up() {
  if (disk_) {
    batch_.clear();
    if (last_.end == WriteEnd::failed) {
      disk_->cut(keep_whole_blocks(disk_->rest()).end);
      size_ = disk_->position() - output_.start();
      static_cast<void>(output_.truncate(size_));  // a broken disk may refuse that, too
    }
    if (last_.end == WriteEnd::interrupted) last_ = {};  // what was flushed can still be written
    return;
  }
  batch_.keep_whole_blocks(sent_);
  output_.remove_last(sent_ - batch_.size());
  size_ -= sent_ - batch_.size();
  count_batch();
}

// Packets that could not be written do not count as written.
CaptureFile::Kept CaptureFile::keep_whole_blocks(const DiskWriter::Rest& rest) {
  const WholeBlocks all = whole_blocks(rest.blocks, kUnlimited, written_.size());
  const std::uint64_t reached = std::max(rest.reached, rest.begin) - rest.begin;
  const WholeBlocks kept = whole_blocks(rest.blocks, reached, written_.size());
  std::vector<std::uint64_t> missing(written_.size());
  for (std::size_t i = 0; i < written_.size(); ++i) {
    missing[i] = all.packets[i] - kept.packets[i];
    written_[i] -= missing[i];
  }
  return {.end = rest.begin + kept.bytes, .missing = std::move(missing)};
}

void CaptureFile::restore(std::uint64_t number, std::uint64_t size,
                          std::span<const std::uint64_t> written) {
  number_ = number;
  size_ = size;
  written_.assign(written.begin(), written.end());
  previous_.reset();
  batch_.clear();
  sent_ = 0;
  last_ = {};
}

// In the guardian, which is a fork without the thread that writes.
void CaptureFile::go_back() {
  if (disk_) {
    const DiskWriter::Rest rest = disk_->rest_of(number_, output_.start() + size_);
    if (!rest.blocks.empty()) size_ = write_rest(rest, output_).end - output_.start();
    // Not destroyed: that would wait for the thread.
    [[maybe_unused]] const DiskWriter* abandoned = disk_.release();
  }
  output_.go_back(size_);
}

// What may be there already is written again: a file with O_APPEND can only grow at its end.
CaptureFile::Kept CaptureFile::write_rest(DiskWriter::Rest rest, const Output& output) {
  output.go_back(rest.begin - output.start());
  const WriteResult result = output.write_at(rest.begin, rest.blocks);
  rest.reached += result.written;
  Kept kept = keep_whole_blocks(rest);
  kept.error = result.error_number;
  static_cast<void>(output.truncate(kept.end - output.start()));
  return kept;
}

bool CaptureFile::finish(const std::vector<pcapng::Bytes>& trailer, Timeout timeout) {
  // A disk is no reader that may never continue.
  if (disk_) timeout = {.interrupt_fd = timeout.interrupt_fd};
  if (last_.end == WriteEnd::done) {
    for (const pcapng::Bytes& block : trailer) {
      if (batch_.append(block)) continue;
      if (!flush(timeout)) break;
      batch_.append(block);
    }
    if (last_.end == WriteEnd::done) flush(timeout);
  }
  if (!wait_for_disk(timeout.interrupt_fd)) return false;
  sync();
  if (last_.end != WriteEnd::done) give_up();
  throw_if_failed();
  if (disk_) {
    disk_->end();
    output_.seek(size_);
  }
  output_.close();
  return true;
}

bool CaptureFile::retire(const std::vector<pcapng::Bytes>& trailer) {
  if (!disk_ || last_.end != WriteEnd::done) return false;
  for (const pcapng::Bytes& block : trailer) {
    if (batch_.append(block)) continue;
    if (!flush({})) return false;
    batch_.append(block);
  }
  if (!flush({})) return false;
  disk_->retire();
  retired_ = true;
  return true;
}

bool CaptureFile::previous_has_failed() {
  return previous_ && disk_ && disk_->previous_has_failed();
}

bool CaptureFile::previous_has_ended() {
  if (last_.end != WriteEnd::done || disk_->error() != 0) return true;
  return disk_->previous_is_written() && has_header();
}

bool CaptureFile::has_header() const {
  return !disk_ || disk_->on_disk() >= output_.start() + header_.size();
}

void CaptureFile::give_up_previous() {
  previous_->error = disk_->error();
  Kept kept = keep_whole_blocks(disk_->rest_of_previous());
  previous_->missing = std::move(kept.missing);
  const Output& output = previous_->output;
  static_cast<void>(
      output.truncate(kept.end - output.start()));  // a broken disk may refuse that, too
  disk_->drop_previous();
}

CaptureFile::Ended CaptureFile::end_previous() {
  disk_->wait_for_previous();
  if (previous_has_failed()) give_up_previous();
  if (!previous_has_ended()) sync();
  disk_->end_previous();
  return close(*std::exchange(previous_, std::nullopt));
}

CaptureFile::Ended CaptureFile::close(Previous previous) {
  Ended ended{
      .name = previous.output.name(), .failure = nullptr, .missing = std::move(previous.missing)};
  try {
    if (previous.error != 0) throw system_error("writing to " + ended.name, previous.error, kKept);
    previous.output.close();
  } catch (const Error&) {
    ended.failure = std::current_exception();
  }
  return ended;
}

// In the guardian.
CaptureFile::Ended CaptureFile::complete_previous(Output output) {
  Previous previous{.output = std::move(output)};
  const DiskWriter::Rest rest = disk_->rest_of(number_ - 1, kUnlimited);
  if (!rest.blocks.empty()) {
    Kept kept = write_rest(rest, previous.output);
    previous.missing = std::move(kept.missing);
    previous.error = kept.error;
  }
  return close(std::move(previous));
}

std::uint64_t CaptureFile::total_written() const {
  return std::accumulate(written_.begin(), written_.end(), std::uint64_t{0});
}

void CaptureFile::count_batch() {
  const std::span<const std::uint64_t> packets = batch_.packets();
  for (std::size_t i = 0; i < written_.size(); ++i) written_[i] += packets[i];
  batch_.clear();
  sent_ = 0;
}

void CaptureFile::throw_if_failed() {
  if (last_.end == WriteEnd::done || last_.end == WriteEnd::reader_gone) return;
  const std::string doing = "writing to " + output_.name();
  const bool to_compressor = output_.compressor().has_value();
  if (last_.end == WriteEnd::interrupted) {
    throw Error(doing + ": its " + (to_compressor ? "compressor" : "reader") + " is stuck",
                "the packets that it did not read are lost");
  }
  constexpr int kUntilItHasEndedMilliseconds = 1000;
  if (to_compressor && output_.compressor()->wait(-1, kUntilItHasEndedMilliseconds) &&
      !output_.compressor()->failure().empty()) {
    throw Error(doing + ": " + output_.compressor()->failure(), "the file is truncated");
  }
  throw system_error(doing, last_.error_number, kKept);
}

}  // namespace xdpcap
