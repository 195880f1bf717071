// SPDX-License-Identifier: BSD-3-Clause
// Writing to an output.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "output/output.hpp"

namespace xdpcap {
namespace {

// The rest of a partly written piece is written alone, because `pieces` is const.
ssize_t write_once(int fd, bool socket, std::span<const iovec> pieces, std::size_t skip) {
  const iovec& first = pieces.front();
  iovec rest{static_cast<std::byte*>(first.iov_base) + skip, first.iov_len - skip};
  if (skip > 0) pieces = std::span(&rest, 1);
  if (!socket) return ::writev(fd, pieces.data(), static_cast<int>(pieces.size()));
  // For sockets, each call can be non-blocking.
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

enum class Wait : std::uint8_t { ready, interrupted };

Wait wait_writable(int fd, Timeout timeout) {
  int milliseconds = timeout.milliseconds;
  if (timeout.end != 0) {
    const std::uint64_t now = monotonic_now();
    if (now >= timeout.end) return Wait::interrupted;
    const std::uint64_t left = (timeout.end - now) / 1'000'000 + 1;
    if (milliseconds < 0 || std::cmp_less(left, milliseconds))
      milliseconds = static_cast<int>(left);
  }
  std::array<pollfd, 2> fds = {pollfd{fd, POLLOUT, 0}, pollfd{timeout.interrupt_fd, POLLIN, 0}};
  const int ready = ::poll(fds.data(), fds.size(), milliseconds);
  if (ready < 0) return errno == EINTR ? Wait::ready : Wait::interrupted;
  return fds[0].revents != 0 ? Wait::ready : Wait::interrupted;
}

}  // namespace

WriteResult Output::write(std::span<const std::byte> bytes, Timeout timeout) const {
  const iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
  return write(std::span(&piece, 1), 0, timeout);
}

WriteResult Output::write(std::span<const iovec> pieces, std::size_t skip, Timeout timeout) const {
  WriteResult result;
  for (;;) {
    // After this, `skip` is the written part of the first incomplete piece.
    while (!pieces.empty() && skip >= pieces.front().iov_len) {
      skip -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (pieces.empty()) return result;
    const ssize_t count = write_once(fd_.get(), socket_, pieces, skip);
    if (count >= 0) {
      result.written += static_cast<std::size_t>(count);
      skip += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      if (wait_writable(fd_.get(), timeout) == Wait::ready) continue;
      result.end = WriteEnd::interrupted;
      return result;
    }
    result.error_number = errno;
    // A reader of a pipe or a socket may end early; a compressor must not.
    const bool may_end = (errno == EPIPE || errno == ECONNRESET) && compressor_ == nullptr;
    result.end = may_end ? WriteEnd::reader_gone : WriteEnd::failed;
    return result;
  }
}

WriteResult Output::write_at(std::uint64_t offset, std::span<const iovec> pieces) const {
  if (::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
    return {.end = WriteEnd::failed, .error_number = errno};
  }
  WriteResult all;
  for (const iovec& piece : pieces) {
    const WriteResult one = write(std::span(&piece, 1), 0, {});
    all.written += one.written;
    if (one.end == WriteEnd::done) continue;
    all.end = one.end;
    all.error_number = one.error_number;
    break;
  }
  return all;
}

void Output::seek(std::uint64_t bytes) const {
  ::lseek(fd_.get(), start_ + static_cast<off_t>(bytes), SEEK_SET);
}

void Output::remove_last(std::size_t bytes) const {
  if (!is_file() || bytes == 0) return;
  const off_t end = ::lseek(fd_.get(), 0, SEEK_CUR) - static_cast<off_t>(bytes);
  if (end < 0 || ::ftruncate(fd_.get(), end) != 0) return;
  ::lseek(fd_.get(), end, SEEK_SET);
}

bool Output::truncate(std::uint64_t bytes) const {
  const off_t end = start_ + static_cast<off_t>(bytes);
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return false;
  if (info.st_size > end && ::ftruncate(fd_.get(), end) != 0) return false;
  const off_t at = std::min(end, info.st_size);
  return ::lseek(fd_.get(), at, SEEK_SET) == at;
}

void Output::go_back(std::uint64_t bytes) const {
  if (!truncate(bytes)) throw system_error("truncating the output " + name_, errno);
}

}  // namespace xdpcap
