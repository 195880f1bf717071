// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"

namespace xdpcap::chaos {

// Sink is the reader of a pipe, a FIFO or a socket. It keeps everything that it has read, and can
// pause, be slow, or close its end.
class Sink {
 public:
  explicit Sink(UniqueFd fd) : fd_(std::move(fd)), thread_([this] { read(); }) {}
  // Creates a FIFO and reads it.
  explicit Sink(const std::string& fifo);
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  Sink(Sink&&) = delete;
  Sink& operator=(Sink&&) = delete;
  ~Sink() { close(); }

  enum class Pace { normal, slow, paused };
  void set_pace(Pace pace) { pace_ = pace; }
  // Closes its end.
  void close();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool ended() const { return ended_; }
  // After the end.
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void read();
  bool read_once();

  UniqueFd fd_;
  std::string bytes_;
  std::atomic<Pace> pace_ = Pace::normal;
  std::atomic<std::size_t> size_ = 0;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace xdpcap::chaos
