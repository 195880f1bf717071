// SPDX-License-Identifier: BSD-3-Clause
#include "read/chosen_file.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "base/tell.hpp"
#include "output/finished_files.hpp"

namespace xdpcap {
namespace {

// Of a pcapng section: its length without the header is no longer true; -1 says that it is not
// known (section 4.1). The header of a pcap file is shorter than that.
void remove_section_length(std::span<std::byte> section) {
  constexpr std::size_t kLengthAt = 16;
  constexpr std::size_t kShortest = 28;
  if (section.size() < kShortest) return;
  std::fill_n(section.begin() + kLengthAt, sizeof(std::int64_t), std::byte{0xff});
}

Output open_output(const std::string& path, const Input& input, int stop_fd) {
  Output output = Output::open(path, stop_fd);
  if (input.is_same_file(output.fd())) {
    throw UsageError("writing to " + path + ": it is the file to read", "name another file");
  }
  return output;
}

}  // namespace

ChosenFile::ChosenFile(const std::string& path, const Input& input, int stop_fd)
    : path_(path), output_(open_output(path, input, stop_fd)), stop_fd_(stop_fd) {}

void ChosenFile::add(const FileBlock& block) {
  const auto begin = static_cast<std::ptrdiff_t>(waiting_.size());
  waiting_.insert(waiting_.end(), block.raw.begin(), block.raw.end());
  if (block.kind == FileBlock::Kind::section) {
    remove_section_length(std::span(waiting_.begin() + begin, waiting_.end()));
  }
  has_packet_ |= block.kind == FileBlock::Kind::packet;
}

bool ChosenFile::flush() {
  constexpr std::size_t kMuch = std::size_t{1} << 20U;
  return !has_packet_ && waiting_.size() < kMuch ? !ended_ : write();
}

bool ChosenFile::write() {
  if (!begun_) {
    begun_ = true;
    output_.begin();
    output_.connect();
  }
  if (ended_) return false;
  const std::span<const std::byte> bytes = waiting_;
  WriteResult result = output_.write(bytes, {.interrupt_fd = stop_fd_});
  if (result.end == WriteEnd::interrupted) {
    // So that a reader gets whole blocks.
    const std::size_t done = result.written;
    result = output_.write(bytes.subspan(done), {.milliseconds = kLastTimeoutMilliseconds});
    ended_ = true;
  }
  if (result.end == WriteEnd::failed) {
    output_.remove_last(result.written);
    throw system_error("writing to " + path_, result.error_number, "the file is not complete");
  }
  ended_ |= result.end != WriteEnd::done;
  waiting_.clear();
  has_packet_ = false;
  return !ended_;
}

void ChosenFile::finish() {
  write();
  output_.close();
  FinishedFiles files;
  files.add(path_, std::exchange(output_.compressor(), std::nullopt));
  files.wait(stop_fd_);
  files.check();
}

}  // namespace xdpcap
