// SPDX-License-Identifier: BSD-3-Clause
#include "output/capture_file.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "process/memory_limit.hpp"

namespace xdpcap {

CaptureFile::CaptureFile(Output output, std::size_t interfaces)
    : output_(std::move(output)), batch_(interfaces), written_(interfaces) {
  if (!output_.is_file() || !DiskWriter::suits(output_.fd())) return;
  disk_ = std::make_unique<DiskWriter>(ChunkPool::default_size(memory_limit()));
}

void CaptureFile::begin(const pcapng::Bytes& header) {
  output_.begin();
  begin_output(header);
}

void CaptureFile::begin_output(const pcapng::Bytes& header) {
  header_ = header;
  batch_.append(header_);
  if (disk_) disk_->begin(output_.fd(), output_.start(), number_);
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
  output_ = std::move(output);
  ++number_;
  size_ = 0;
  last_ = {};
  begin_output(header);
}

bool CaptureFile::flush(Timeout timeout) {
  if (last_.end == WriteEnd::failed || last_.end == WriteEnd::reader_gone) return false;
  if (taker_ != nullptr) {
    taker_->take(batch_);
  } else if (disk_) {
    last_ = disk_->append(batch_.pieces(), batch_.size(), timeout);
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
  if (last_.end == WriteEnd::failed) give_up();
  return last_.end == WriteEnd::done;
}

void CaptureFile::give_up() {
  if (disk_) {
    batch_.clear();
    if (last_.end == WriteEnd::failed) keep_whole_blocks(disk_->rest());
    if (last_.end == WriteEnd::interrupted) last_ = {};  // what was flushed can still be written
    return;
  }
  batch_.keep_whole_blocks(sent_);
  output_.remove_last(sent_ - batch_.size());
  size_ -= sent_ - batch_.size();
  count_batch();
}

// Packets that could not be written do not count as written.
void CaptureFile::keep_whole_blocks(const DiskWriter::Rest& rest) {
  const WholeBlocks all = whole_blocks(rest.blocks, kUnlimited, written_.size());
  const std::uint64_t reached = std::max(rest.reached, rest.begin) - rest.begin;
  const WholeBlocks kept = whole_blocks(rest.blocks, reached, written_.size());
  for (std::size_t i = 0; i < written_.size(); ++i) written_[i] -= all.packets[i] - kept.packets[i];
  disk_->cut(rest.begin + kept.bytes);
  size_ = disk_->position() - output_.start();
  static_cast<void>(output_.truncate(size_));  // a broken disk may refuse that, too
}

void CaptureFile::go_back(std::uint64_t number, std::uint64_t size,
                          std::span<const std::uint64_t> written) {
  number_ = number;
  size_ = size;
  written_.assign(written.begin(), written.end());
  if (disk_) write_rest();
  output_.go_back(size_);
  batch_.clear();
  sent_ = 0;
  last_ = {};
}

// In the guardian, which is a fork without the thread that writes.
void CaptureFile::write_rest() {
  DiskWriter::Rest rest = disk_->rest_of(number_, output_.start() + size_);
  if (!rest.blocks.empty()) {
    // What may be there already is written again: a file with O_APPEND can only grow at its end.
    output_.go_back(rest.begin - output_.start());
    rest.reached += output_.write_at(rest.begin, rest.blocks).written;
    keep_whole_blocks(rest);
  }
  // Not destroyed: that would wait for the thread.
  [[maybe_unused]] const DiskWriter* abandoned = disk_.release();
}

void CaptureFile::finish(const std::vector<pcapng::Bytes>& trailer, Timeout timeout) {
  if (disk_) timeout = {};  // a disk is no reader that may never continue
  if (last_.end == WriteEnd::done) {
    for (const pcapng::Bytes& block : trailer) {
      if (batch_.append(block)) continue;
      if (!flush(timeout)) break;
      batch_.append(block);
    }
    if (last_.end == WriteEnd::done) flush(timeout);
  }
  sync();
  if (last_.end != WriteEnd::done) give_up();
  throw_if_failed();
  if (disk_) {
    disk_->end();
    output_.seek(size_);
  }
  output_.close();
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
  const char* hint = "the packets written before are kept";
  constexpr int kUntilItHasEndedMilliseconds = 1000;
  if (to_compressor && output_.compressor()->wait(-1, kUntilItHasEndedMilliseconds) &&
      !output_.compressor()->failure().empty()) {
    throw Error(doing + ": " + output_.compressor()->failure(), "the file is truncated");
  }
  throw system_error(doing, last_.error_number, hint);
}

}  // namespace xdpcap
