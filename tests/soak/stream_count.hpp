// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"

namespace xdpcap::soak {

// StreamCount reads a pcapng stream from a FIFO to its end, block by block, and counts its packets.
// It pauses now and then, as slow readers do.
class StreamCount {
 public:
  // Opens the FIFO. Throws Error.
  explicit StreamCount(const std::string& path);
  StreamCount(const StreamCount&) = delete;
  StreamCount& operator=(const StreamCount&) = delete;
  StreamCount(StreamCount&&) = delete;
  StreamCount& operator=(StreamCount&&) = delete;
  ~StreamCount() { finish(); }

  // Waits for the end of the stream.
  void finish();
  // After finish().
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  [[nodiscard]] bool whole() const { return buffer_.empty() && !broken_; }

 private:
  void read();
  void count_blocks();

  UniqueFd fd_;
  std::string buffer_;  // less than a block, after count_blocks()
  std::uint64_t packets_ = 0;
  bool broken_ = false;
  std::thread thread_;
};

}  // namespace xdpcap::soak
