// SPDX-License-Identifier: BSD-3-Clause
#include "output/output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "output/open_file.hpp"
#include "output/removed_file.hpp"
#include "process/pipe.hpp"

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

Output Output::open(const std::string& path, int interrupt_fd) {
  if (path == "-") {
    if (::isatty(STDOUT_FILENO) == 1) {
      throw UsageError("writing to stdout: it is a terminal, and captures are binary",
                       "name a file, or pipe it on: ... - | tcpdump -n -r -");
    }
    Output output("stdout", open_stdout());
    output.shared_ = true;
    const bool appends = (::fcntl(output.fd(), F_GETFL) & O_APPEND) != 0;
    if (output.regular_) output.start_ = ::lseek(output.fd(), 0, appends ? SEEK_END : SEEK_CUR);
    return output;
  }
  const Compressor* compressor = compressor_of(path);
  if (compressor != nullptr) check_installed(*compressor, path);
  const FileLocation location(path);
  OpenedFile opened = open_for_writing(location, interrupt_fd);
  Output output(path, std::move(opened.fd));
  output.location_ = location;
  output.created_ = opened.created;
  output.named_ = opened.named;
  output.compressor_ = compressor;
  return output;
}

Output Output::stage(const std::string& path, const Output& other) {
  const FileLocation location(path, other.location_);
  struct stat there {};
  if (location.look(there, 0) && !S_ISREG(there.st_mode)) {
    throw Error("opening the output " + path + ": it exists and is not a regular file",
                "remove it, or name another");
  }
  FileLocation temporary;
  OpenedFile opened = stage_file(location, temporary);
  Output output(path, std::move(opened.fd));
  output.location_ = location;
  output.temporary_ = std::move(temporary);
  output.named_ = opened.named;
  output.staged_ = true;
  output.compressor_ = compressor_of(path);
  return output;
}

Output Output::reopen(const std::string& path, FileId id, const Output& other) {
  const FileLocation location(path, other.location_);
  FileLocation temporary = find_temporary(location, id);
  const bool staged = !temporary.path().empty();
  UniqueFd fd =
      (staged ? temporary : location).open(O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.valid()) throw system_error("opening the output " + path, errno);
  Output output(path, std::move(fd));
  output.location_ = location;
  output.staged_ = staged;
  output.temporary_ = std::move(temporary);
  if (output.id() != id) throw Error("opening the output " + path + ": it is another file now");
  return output;
}

void Output::remove(const std::string& path, FileId id, const Output& other) noexcept {
  try {
    const FileLocation location(path, other.location_);
    const FileLocation temporary = find_temporary(location, id);
    if (!temporary.path().empty()) return temporary.remove();
    const Output ours = reopen(path, id, other);
    location.remove();
  } catch (const std::exception&) {  // it does not exist yet, or is still an older file
  }
}

void Output::remove_file(const std::string& path) const noexcept {
  try {
    const FileLocation location(path, location_);
    const RemovedFile removed(location);
    location.remove();
  } catch (const std::exception&) {  // its folder does not exist any more
  }
}

std::vector<int> Output::descriptors() const {
  return {fd_.get(), location_.folder_fd()};
}

Output::Output(std::string name, UniqueFd fd) : name_(std::move(name)), fd_(std::move(fd)) {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw system_error("opening the output " + name_, errno);
  regular_ = S_ISREG(info.st_mode);
  socket_ = S_ISSOCK(info.st_mode);
}

Output::Output(Output&& other) noexcept
    : name_(std::move(other.name_)),
      location_(std::move(other.location_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      regular_(other.regular_),
      socket_(other.socket_),
      shared_(other.shared_),
      start_(other.start_),
      created_(std::exchange(other.created_, false)),
      named_(other.named_),
      staged_(other.staged_),
      compressor_(other.compressor_),
      child_(std::exchange(other.child_, std::nullopt)) {}

Output& Output::operator=(Output&& other) noexcept {
  if (this == &other) return *this;
  discard_file();
  name_ = std::move(other.name_);
  location_ = std::move(other.location_);
  temporary_ = std::exchange(other.temporary_, {});
  fd_ = std::move(other.fd_);
  regular_ = other.regular_;
  socket_ = other.socket_;
  shared_ = other.shared_;
  start_ = other.start_;
  created_ = std::exchange(other.created_, false);
  named_ = other.named_;
  staged_ = other.staged_;
  compressor_ = other.compressor_;
  child_ = std::exchange(other.child_, std::nullopt);
  return *this;
}

Output::~Output() {
  discard_file();
}

void Output::discard_file() noexcept {
  if (created_ && named_) location_.remove();
  temporary_.remove();
}

void Output::keep() {
  created_ = false;
  temporary_ = {};
}

FileId Output::id() const {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw system_error("looking at " + name_, errno);
  return {info.st_dev, info.st_ino};
}

void Output::begin(Contents contents) {
  if (!named_ && staged_) temporary_ = name_temporarily(fd_.get(), location_);
  if (!named_ && !staged_) name_file(fd_.get(), location_);
  created_ = false;
  named_ = true;
  if (!regular_ || shared_ || contents == Contents::stay) return;
  if (::ftruncate(fd_.get(), 0) != 0) throw system_error("emptying the output " + name_, errno);
}

bool Output::replaces_large_file() const {
  struct stat info {};
  return regular_ && !shared_ && ::fstat(fd_.get(), &info) == 0 && info.st_size >= kLargeFile;
}

void Output::connect() {
  if (compressor_ == nullptr) return;
  Pipe pipe = make_pipe(false);
  child_.emplace(ChildProcess::Options{
      .command = compressor_->command, .in = pipe.read_end.get(), .out = fd_.get()});
  fd_ = std::move(pipe.write_end);
}

void Output::publish() {
  if (!staged_) return;
  staged_ = false;
  const FileLocation temporary = std::exchange(temporary_, {});
  const RemovedFile replaced(location_);
  if (temporary.rename_to(location_)) return;
  const int error = errno;
  location_ = temporary;
  throw system_error("naming the output " + std::exchange(name_, temporary.path()), error,
                     "it is in " + temporary.path());
}

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

void Output::give_to(uid_t user, gid_t group) const {
  if (!created_ || ::fchown(fd_.get(), user, group) == 0) return;
  throw system_error("changing the owner of the output " + name_, errno);
}

void Output::close() {
  if (::close(fd_.release()) != 0) throw system_error("closing the output " + name_, errno);
}

}  // namespace xdpcap
