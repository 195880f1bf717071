// SPDX-License-Identifier: BSD-3-Clause
#include "print/printer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/text.hpp"
#include "print/print_lines.hpp"
#include "process/pipe.hpp"

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

Printer::Printer(const PrintStyle& style) {
  Pipe pipe = make_pipe(false);
  std::vector<std::string> command = style.arguments();
  command.insert(command.begin(), {"/proc/self/exe", kPrintLines});
  process_.emplace(ChildProcess::Options{.command = std::move(command),
                                         .in = pipe.read_end.get(),
                                         .out = STDOUT_FILENO,
                                         .extra = account_.fd()});
  pipe_ = std::move(pipe.write_end);
}

void Printer::take(std::span<const iovec> blocks, std::uint64_t packets) {
  all_ += packets;
  if (!pipe_.valid() || blocks.empty()) return;
  const bool ready = push_rest();
  if (!pipe_.valid()) return;
  const ssize_t count =
      ready ? ::writev(pipe_.get(), blocks.data(), static_cast<int>(blocks.size())) : -1;
  if (count < 0) {
    const bool full = !ready || errno == EAGAIN || errno == EINTR;
    if (full) too_fast_ += packets;
    if (!full) pipe_.reset();
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

bool Printer::take_all(std::span<const std::byte> blocks, std::uint64_t packets, int stop_fd) {
  all_ += packets;
  rest_.insert(rest_.end(), blocks.begin(), blocks.end());
  while (pipe_.valid() && !push_rest()) {
    if (pipe_.valid() && !wait_writable(pipe_.get(), stop_fd)) return false;
  }
  return !has_ended();
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

bool Printer::has_ended() const {
  if (!pipe_.valid()) return true;
  pollfd pipe{pipe_.get(), 0, 0};
  return ::poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

std::string Printer::finish(int stop_fd) {
  while (pipe_.valid() && !push_rest()) {
    if (pipe_.valid() && !wait_writable(pipe_.get(), stop_fd)) break;
  }
  pipe_.reset();
  if (!process_->wait(stop_fd)) return report_unprinted("not waiting any longer");
  if (reader_gone()) return report_unprinted("the reader is gone");
  return report_unprinted(process_->failure().empty() ? "" : "the program that prints failed");
}

// The number that came too fast is known; all others share the reason `why`.
std::string Printer::report_unprinted(const char* why) const {
  const std::uint64_t printed = std::min(account_.read().printed, all_);
  const std::uint64_t missing = all_ - printed;
  const std::uint64_t too_fast = std::min(too_fast_, missing);
  if (missing == 0) return {};
  std::string line = "--print: " + std::to_string(missing) + " of " + counted(all_, "packet") +
                     (all_ == 1 ? " was" : " were") + " not printed: ";
  if (too_fast != 0) line += std::to_string(too_fast) + " came too fast";
  if (too_fast == missing) return line;
  const std::string others = std::string(why).empty() ? "nothing was printed of them" : why;
  return line + (too_fast == 0 ? others : ", of the others " + others);
}

}  // namespace xdpcap
