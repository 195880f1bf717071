// SPDX-License-Identifier: BSD-3-Clause
#include "soak/stream_count.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"

namespace xdpcap::soak {
namespace {

constexpr std::uint32_t kPacketBlock = 6;
constexpr std::size_t kLeastBlock = 12;

std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

}  // namespace

// Without O_NONBLOCK, open() would wait for the tool.
StreamCount::StreamCount(const std::string& path)
    : fd_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  if (!fd_.valid()) throw system_error("opening " + path, errno);
  thread_ = std::thread([this] { read(); });
}

void StreamCount::finish() {
  if (thread_.joinable()) thread_.join();
}

void StreamCount::read() {
  constexpr std::size_t kChunk = std::size_t{1} << 16U;
  constexpr unsigned kReadsBetweenPauses = 20'000;
  std::string chunk(kChunk, '\0');
  bool begun = false;
  for (unsigned reads = 1;; ++reads) {
    pollfd stream{fd_.get(), POLLIN, 0};
    constexpr int kTimeoutMilliseconds = 200;
    ::poll(&stream, 1, kTimeoutMilliseconds);
    const ssize_t count = ::read(fd_.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EAGAIN) continue;
    if (count <= 0 && begun) return;
    if (count <= 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    begun = true;
    buffer_.append(chunk, 0, static_cast<std::size_t>(count));
    count_blocks();
    if (reads % kReadsBetweenPauses == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
  }
}

void StreamCount::count_blocks() {
  std::size_t at = 0;
  while (!broken_ && buffer_.size() - at >= kLeastBlock) {
    const std::uint32_t length = word_at(buffer_, at + 4);
    broken_ = length < kLeastBlock;
    if (broken_ || buffer_.size() - at < length) break;
    broken_ = word_at(buffer_, at + length - sizeof(length)) != length;
    if (word_at(buffer_, at) == kPacketBlock) ++packets_;
    at += length;
  }
  buffer_.erase(0, at);
}

}  // namespace xdpcap::soak
