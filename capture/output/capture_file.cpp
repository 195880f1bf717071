// SPDX-License-Identifier: BSD-3-Clause
#include "output/capture_file.hpp"

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

bool CaptureFile::flush(Patience patience) {
  if (last_.end == WriteEnd::failed || last_.end == WriteEnd::reader_gone) return false;
  last_ = output_.write(batch_.pieces(), sent_, patience);
  sent_ += last_.written;
  size_ += last_.written;
  if (last_.end == WriteEnd::done) {
    count_batch();
  } else if (last_.end != WriteEnd::interrupted) {
    give_up();
  }
  return last_.end == WriteEnd::done;
}

void CaptureFile::give_up() {
  batch_.keep_whole_blocks(sent_);
  output_.take_back(sent_ - batch_.size());
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

void CaptureFile::finish(const std::vector<pcapng::Bytes>& trailer, Patience patience) {
  if (last_.end == WriteEnd::done) {
    for (const pcapng::Bytes& block : trailer) {
      if (batch_.append(block)) continue;
      if (!flush(patience)) break;
      batch_.append(block);
    }
    if (last_.end == WriteEnd::done) flush(patience);
  }
  if (last_.end != WriteEnd::done) give_up();
  throw_if_failed();
  output_.close();
}

void CaptureFile::count_batch() {
  const std::span<const std::uint64_t> packets = batch_.packets();
  for (std::size_t i = 0; i < written_.size(); ++i) written_[i] += packets[i];
  batch_.clear();
  sent_ = 0;
}

void CaptureFile::throw_if_failed() const {
  if (last_.end == WriteEnd::failed) {
    throw system_error("writing to " + output_.name(), last_.error_number,
                       "what had been captured before is kept");
  }
  if (last_.end == WriteEnd::interrupted) {
    throw Error("writing to " + output_.name() + ": its reader is stuck",
                "what it did not take is lost");
  }
}

}  // namespace xdpcap
