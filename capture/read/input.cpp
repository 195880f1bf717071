// SPDX-License-Identifier: BSD-3-Clause
#include "read/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "process/pipe.hpp"

namespace xdpcap {
namespace {

using Magic = std::array<unsigned char, 4>;

struct Decompressor {
  Magic magic;
  std::size_t length;  // of it
  std::vector<std::string> command;
};

const std::array<Decompressor, 3>& decompressors() {
  static const std::array<Decompressor, 3> known = {{
      {{0x1f, 0x8b, 0, 0}, 2, {"gzip", "-d", "-c"}},
      {{0x28, 0xb5, 0x2f, 0xfd}, 4, {"zstd", "-d", "-q", "-c"}},
      {{0x04, 0x22, 0x4d, 0x18}, 4, {"lz4", "-d", "-q", "-c"}},
  }};
  return known;
}

UniqueFd open_file(const std::string& path) {
  if (path == "-") {
    UniqueFd fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!fd.valid()) throw system_error("reading stdin", errno);
    return fd;
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) throw system_error("reading " + path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) == 0 && S_ISDIR(info.st_mode)) {
    throw Error("reading " + path + ": it is a folder", "name a file in it");
  }
  return fd;
}

// The first bytes of a pipe: tee() copies them without consuming them. A pipe may have fewer at
// first; it has no more once its writer is gone.
std::size_t peek_pipe(int fd, int stop_fd, Magic& magic) {
  constexpr int kMilliseconds = 10;  // before looking again
  for (bool at_end = false;;) {
    std::array<pollfd, 2> fds = {pollfd{fd, POLLIN, 0}, pollfd{stop_fd, POLLIN, 0}};
    while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
    }
    if (fds[1].revents != 0) throw Stopped();
    const Pipe copy = make_pipe(false);
    const ssize_t count = ::tee(fd, copy.write_end.get(), magic.size(), 0);
    if (count <= 0) return 0;
    const ssize_t read = ::read(copy.read_end.get(), magic.data(), magic.size());
    if (at_end || std::cmp_equal(read, magic.size())) return static_cast<std::size_t>(read);
    // What arrived before the hang-up was seen is copied by the next tee().
    at_end = (fds[0].revents & POLLHUP) != 0;
    ::poll(nullptr, 0, kMilliseconds);
  }
}

std::size_t peek(int fd, int stop_fd, Magic& magic) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return 0;
  if (S_ISFIFO(info.st_mode)) return peek_pipe(fd, stop_fd, magic);
  const off_t here = S_ISREG(info.st_mode) ? ::lseek(fd, 0, SEEK_CUR) : 0;
  const ssize_t count = S_ISREG(info.st_mode) ? ::pread(fd, magic.data(), magic.size(), here)
                        : S_ISSOCK(info.st_mode)
                            ? ::recv(fd, magic.data(), magic.size(), MSG_PEEK | MSG_WAITALL)
                            : 0;
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

const Decompressor* decompressor_of(const Magic& magic, std::size_t length) {
  const auto* found =
      std::find_if(decompressors().begin(), decompressors().end(), [&](const Decompressor& one) {
        return one.length <= length &&
               std::equal(magic.begin(), magic.begin() + one.length, one.magic.begin());
      });
  return found == decompressors().end() ? nullptr : found;
}

}  // namespace

Input::Input(const std::string& path, int stop_fd)
    : name_(path == "-" ? "stdin" : path), stop_fd_(stop_fd), file_(open_file(path)) {
  decompress();
}

void Input::decompress() {
  Magic magic{};
  const std::size_t length = peek(file_.get(), stop_fd_, magic);
  const Decompressor* decompressor = decompressor_of(magic, length);
  if (decompressor == nullptr) return;
  const std::string& program = decompressor->command.front();
  if (!is_installed(program)) {
    throw Error("reading " + name_ + ": it is compressed, and there is no program " + program,
                "install " + program);
  }
  Pipe pipe = make_pipe(true);
  decompressor_.emplace(ChildProcess::Options{.command = decompressor->command,
                                              .in = file_.get(),
                                              .out = pipe.write_end.get(),
                                              .silent = true});
  bytes_ = std::move(pipe.read_end);
}

std::size_t Input::read(std::span<std::byte> into) {
  const int fd = bytes_.valid() ? bytes_.get() : file_.get();
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{fd, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) continue;
    if (fds[1].revents != 0) throw Stopped();
    const ssize_t count = ::read(fd, into.data(), into.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) throw system_error("reading " + name_, errno);
    if (count == 0) check_end();
    return static_cast<std::size_t>(count);
  }
}

bool Input::is_same_file(int fd) const {
  struct stat ours {};
  struct stat other {};
  return ::fstat(file_.get(), &ours) == 0 && S_ISREG(ours.st_mode) && ::fstat(fd, &other) == 0 &&
         ours.st_dev == other.st_dev && ours.st_ino == other.st_ino;
}

UniqueFd Input::take_descriptor() {
  const UniqueFd& fd = bytes_.valid() ? bytes_ : file_;
  UniqueFd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) throw system_error("reading " + name_, errno);
  // Otherwise the decompressor would not notice that its reader has gone.
  bytes_.reset();
  return copy;
}

void Input::check_end() {
  if (!decompressor_) return;
  decompressor_->wait(stop_fd_);
  if (decompressor_->failure().empty()) return;
  throw Error("reading " + name_ + ": " + decompressor_->failure(),
              "the compressed file is truncated or corrupt");
}

// It ends at once, or waits for us to read more.
void Input::check_error() {
  constexpr int kMilliseconds = 200;
  if (decompressor_ && decompressor_->wait(stop_fd_, kMilliseconds)) check_end();
}

}  // namespace xdpcap
