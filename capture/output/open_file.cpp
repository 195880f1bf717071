// SPDX-License-Identifier: BSD-3-Clause
#include "output/open_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// Captured packets are private.
constexpr mode_t kFileMode = 0600;
constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOCTTY;

[[noreturn]] void throw_error(const FileLocation& location, int error_number) {
  throw system_error("opening the output " + location.path(), error_number,
                     "name a file that can be written");
}

[[noreturn]] void throw_planted(const FileLocation& location, const std::string& what) {
  throw Error("opening the output " + location.path() + ": it is " + what +
                  " into a folder that everybody may write to",
              "name a file in a folder of your own");
}

void check_owner(const FileLocation& location, const std::string& what, uid_t owner) {
  if (!location.is_untrusted(owner)) return;
  throw_planted(location, "a " + what + " that user " + std::to_string(owner) + " has put");
}

// The owner of a file and of a hard link to it may differ.
void check_links(const FileLocation& location, const struct stat& info) {
  if (!location.is_shared() || !S_ISREG(info.st_mode) || info.st_nlink < 2) return;
  throw_planted(location, "a hard link to a file with another name, which anybody may have put");
}

// Symbolic links are followed only if no untrusted user can have planted them.
int link_flag(const FileLocation& location) {
  struct stat info {};
  if (!location.look(info) || !S_ISLNK(info.st_mode)) return O_NOFOLLOW;
  check_owner(location, "symbolic link", info.st_uid);
  return 0;
}

// Opening a FIFO for writing blocks until there is a reader; with O_NONBLOCK it fails with ENXIO.
UniqueFd open_when_read(const FileLocation& location, int flags, int interrupt_fd) {
  constexpr int kLookEveryMilliseconds = 20;
  for (;;) {
    UniqueFd fd = location.open(flags | O_NONBLOCK);
    if (fd.valid() || errno != ENXIO) return fd;
    struct stat info {};
    const bool fifo = location.look(info, 0) && S_ISFIFO(info.st_mode);
    errno = ENXIO;
    if (!fifo) return fd;
    pollfd stop{interrupt_fd, POLLIN, 0};
    if (::poll(&stop, 1, kLookEveryMilliseconds) > 0) throw Stopped();
  }
}

// Invalid if the file system does not support O_TMPFILE.
UniqueFd make_unnamed(const FileLocation& location) {
  return location.with_name(".").open(kFlags | O_TMPFILE, kFileMode);
}

// Creates the file, without a name if possible; fails with EEXIST if it exists.
OpenedFile make_file(const FileLocation& location) {
  struct stat info {};
  if (location.look(info)) {
    errno = EEXIST;
    return {};
  }
  UniqueFd unnamed = make_unnamed(location);
  if (unnamed.valid()) return {std::move(unnamed), true, false};
  return {location.open(kFlags | O_CREAT | O_EXCL, kFileMode), true};
}

constexpr std::string_view kTemporarySuffix = ".next";

// Hidden, so that out* in a shell does not match it, and with an unpredictable number, so that
// other users cannot block the name.
FileLocation temporary_name(const FileLocation& location) {
  std::uint64_t number = 0;
  [[maybe_unused]] const ssize_t got = ::getrandom(&number, sizeof(number), 0);
  constexpr std::size_t kLongest = 200;  // the whole name must not exceed NAME_MAX
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), ".%016llx", static_cast<unsigned long long>(number));
  return location.with_name("." + location.name().substr(0, kLongest) + text.data() +
                            std::string(kTemporarySuffix));
}

bool has_name(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && info.st_nlink > 0;
}

}  // namespace

void name_file(int fd, const FileLocation& location) {
  if (has_name(fd) || location.link(fd)) return;
  throw_error(location, errno);
}

OpenedFile stage_file(const FileLocation& location, FileLocation& temporary) {
  UniqueFd unnamed = make_unnamed(location);
  if (unnamed.valid()) return {std::move(unnamed), true, false};
  const FileLocation name = temporary_name(location);
  UniqueFd named = name.open(kFlags | O_CREAT | O_EXCL, kFileMode);
  if (!named.valid()) throw_error(location, errno);
  temporary = name;
  return {std::move(named), true, true};
}

FileLocation name_temporarily(int fd, const FileLocation& location) {
  FileLocation temporary = temporary_name(location);
  if (!temporary.link(fd)) throw_error(location, errno);
  return temporary;
}

FileLocation find_temporary(const FileLocation& location, FileId file) {
  UniqueFd fd = location.with_name(".").open(O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd.release()), ::closedir);
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    struct stat info {};
    if (!name.starts_with('.') || !name.ends_with(kTemporarySuffix)) continue;
    FileLocation found = location.with_name(std::string(name));
    if (found.look(info) && FileId{info.st_dev, info.st_ino} == file) return found;
  }
  return {};
}

OpenedFile open_for_writing(const FileLocation& location, int interrupt_fd) {
  OpenedFile opened = make_file(location);
  if (opened.fd.valid()) return opened;
  if (errno != EEXIST) throw_error(location, errno);
  opened = {open_when_read(location, kFlags | link_flag(location), interrupt_fd), false};
  if (!opened.fd.valid()) throw_error(location, errno);
  struct stat info {};
  if (::fstat(opened.fd.get(), &info) != 0) throw_error(location, errno);
  if (!S_ISCHR(info.st_mode)) check_owner(location, "file", info.st_uid);
  check_links(location, info);
  // Only pipes are non-blocking.
  if (!S_ISFIFO(info.st_mode)) ::fcntl(opened.fd.get(), F_SETFL, 0);
  return opened;
}

UniqueFd open_stdout() {
  constexpr const char* kSelf = "/proc/self/fd/1";
  struct stat info {};
  if (::fstat(STDOUT_FILENO, &info) != 0) throw system_error("writing to stdout", errno);
  if (S_ISFIFO(info.st_mode)) {
    UniqueFd fd(::open(kSelf, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (fd.valid()) return fd;
  }
  UniqueFd fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!fd.valid()) throw system_error("writing to stdout", errno);
  return fd;
}

}  // namespace xdpcap
