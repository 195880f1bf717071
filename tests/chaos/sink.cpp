// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "base/error.hpp"

namespace xdpcap::chaos {
namespace {

// Without O_NONBLOCK it would wait for the writer here.
UniqueFd make_fifo(const std::string& path) {
  if (::mkfifo(path.c_str(), 0666) != 0) throw system_error("making " + path, errno);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) throw system_error("opening " + path, errno);
  return fd;
}

}  // namespace

Sink::Sink(const std::string& fifo) : Sink(make_fifo(fifo)) {}

void Sink::vanish() {
  gone_ = true;
  if (thread_.joinable()) thread_.join();
  fd_.reset();
}

void Sink::read() {
  using std::chrono::milliseconds;
  while (!gone_ && !ended_) {
    if (pace_ == Pace::paused) {
      std::this_thread::sleep_for(milliseconds(2));
      continue;
    }
    if (!read_once()) std::this_thread::sleep_for(milliseconds(2));
    if (pace_ == Pace::slow) std::this_thread::sleep_for(milliseconds(20));
  }
}

// A FIFO is at its end until it has a writer.
bool Sink::read_once() {
  constexpr std::size_t kSlow = 256;
  std::array<char, 4096> chunk{};
  pollfd ready{fd_.get(), POLLIN, 0};
  if (::poll(&ready, 1, 20) != 1) return false;
  const std::size_t most = pace_ == Pace::slow ? kSlow : chunk.size();
  const ssize_t count = ::read(fd_.get(), chunk.data(), most);
  if (count > 0) bytes_.append(chunk.data(), static_cast<std::size_t>(count));
  size_ = bytes_.size();
  if (count == 0 && !bytes_.empty()) ended_ = true;
  return count > 0;
}

}  // namespace xdpcap::chaos
