// SPDX-License-Identifier: BSD-3-Clause
#include "output/capture_file.hpp"

#include <numeric>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {

CaptureFile::CaptureFile(Output output, std::size_t interfaces)
    : output_(std::move(output)), batch_(interfaces), written_(interfaces) {}

void CaptureFile::begin(const pcapng::Bytes& header) {
  output_.begin();
  header_ = header;
  batch_.append(header_);
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
  size_ = 0;
  last_ = {};
  header_ = header;
  batch_.append(header_);
}

bool CaptureFile::flush(Timeout timeout) {
  if (last_.end == WriteEnd::failed || last_.end == WriteEnd::reader_gone) return false;
  last_ = output_.write(batch_.pieces(), sent_, timeout);
  sent_ += last_.written;
  size_ += last_.written;
  if (last_.end == WriteEnd::done) {
    if (printer_ != nullptr) printer_->take(batch_.pieces(), batch_.total_packets());
    count_batch();
  } else if (last_.end != WriteEnd::interrupted) {
    give_up();
  }
  return last_.end == WriteEnd::done;
}

void CaptureFile::give_up() {
  batch_.keep_whole_blocks(sent_);
  output_.remove_last(sent_ - batch_.size());
  size_ -= sent_ - batch_.size();
  count_batch();
}

void CaptureFile::go_back(std::uint64_t size, std::span<const std::uint64_t> written) {
  output_.go_back(size);
  batch_.clear();
  sent_ = 0;
  size_ = size;
  written_.assign(written.begin(), written.end());
  last_ = {};
}

void CaptureFile::finish(const std::vector<pcapng::Bytes>& trailer, Timeout timeout) {
  if (last_.end == WriteEnd::done) {
    for (const pcapng::Bytes& block : trailer) {
      if (batch_.append(block)) continue;
      if (!flush(timeout)) break;
      batch_.append(block);
    }
    if (last_.end == WriteEnd::done) flush(timeout);
  }
  if (last_.end != WriteEnd::done) give_up();
  throw_if_failed();
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
