// SPDX-License-Identifier: BSD-3-Clause
#include "output/printer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "output/pipe.hpp"
#include "output/print_lines.hpp"

namespace xdpcap {
namespace {

std::span<const std::byte> bytes_of(const iovec& piece) {
  return {static_cast<const std::byte*>(piece.iov_base), piece.iov_len};
}

bool wait_writable(int fd, int stop_fd) {
  std::array<pollfd, 2> fds = {pollfd{fd, POLLOUT, 0}, pollfd{stop_fd, POLLIN, 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  return fds[0].revents != 0;
}

}  // namespace

Printer::Printer() {
  Pipe pipe = make_pipe(false);
  process_.emplace(ChildProcess::Plan{
      .command = {"/proc/self/exe", kPrintLines}, .in = pipe.read_end.get(), .out = STDOUT_FILENO});
  pipe_ = std::move(pipe.write_end);
}

void Printer::take(std::span<const iovec> blocks, std::uint64_t packets) {
  if (!pipe_.valid() || blocks.empty()) return;
  if (!push_rest()) {
    skipped_ += packets;
    return;
  }
  const ssize_t count = ::writev(pipe_.get(), blocks.data(), static_cast<int>(blocks.size()));
  if (count < 0) {
    skipped_ += packets;
    if (errno != EAGAIN && errno != EINTR) pipe_.reset();
    return;
  }
  auto written = static_cast<std::size_t>(count);
  for (const iovec& block : blocks) {
    const auto bytes = bytes_of(block);
    const std::size_t done = std::min(written, bytes.size());
    rest_.insert(rest_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end());
    written -= done;
  }
}

bool Printer::push_rest() {
  if (rest_.empty()) return true;
  const ssize_t count = ::write(pipe_.get(), rest_.data(), rest_.size());
  if (count > 0) rest_.erase(rest_.begin(), rest_.begin() + count);
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    pipe_.reset();
    rest_.clear();
  }
  return pipe_.valid() && rest_.empty();
}

std::string Printer::finish(int stop_fd) {
  while (pipe_.valid() && !push_rest()) {
    if (pipe_.valid() && !wait_writable(pipe_.get(), stop_fd)) break;
  }
  pipe_.reset();
  if (!process_->wait(stop_fd)) return "--print: not all packets were printed";
  const std::string failure = process_->failure();
  if (!failure.empty()) return "--print: the rest was not printed";
  if (skipped_ == 0) return {};
  return "--print: " + std::to_string(skipped_) +
         " packets came too fast to be printed: they are in the file";
}

}  // namespace xdpcap
