// SPDX-License-Identifier: BSD-3-Clause
#include "output/open_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// What was on the wire is nobody else's business.
constexpr mode_t kFileMode = 0600;
constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOCTTY;

// Folder is the open folder that the file is in: what was checked in it is what is opened.
struct Folder {
  UniqueFd fd;
  std::string file;
  struct stat info {};

  [[nodiscard]] bool is_shared() const {
    return (info.st_mode & S_ISVTX) != 0 && (info.st_mode & S_IWOTH) != 0;
  }
  // Whether what belongs to `owner` may have been put there by somebody who is not trusted.
  [[nodiscard]] bool doubts(uid_t owner) const {
    return is_shared() && owner != ::geteuid() && owner != info.st_uid;
  }
};

[[noreturn]] void throw_error(const std::string& path, int error_number) {
  throw system_error("opening the output " + path, error_number, "name a file that can be written");
}

Folder open_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Folder opened{UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
                slash == std::string::npos ? path : path.substr(slash + 1)};
  if (!opened.fd.valid() || ::fstat(opened.fd.get(), &opened.info) != 0) throw_error(path, errno);
  if (opened.file.empty()) throw_error(path, EISDIR);
  return opened;
}

void check_owner(const Folder& folder, const std::string& path, const char* what, uid_t owner) {
  if (!folder.doubts(owner)) return;
  throw Error("opening the output " + path + ": it is a " + what + " that user " +
                  std::to_string(owner) + " has put into a folder that everybody may write to",
              "name a file in a folder of your own");
}

// Links are followed where nobody can have planted them.
int link_flag(const Folder& folder, const std::string& path) {
  struct stat info {};
  if (::fstatat(folder.fd.get(), folder.file.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISLNK(info.st_mode)) {
    return O_NOFOLLOW;
  }
  check_owner(folder, path, "symbolic link", info.st_uid);
  return 0;
}

// Opening a FIFO for writing blocks until there is a reader; without blocking it is ENXIO.
UniqueFd open_when_read(const Folder& folder, int flags, int interrupt_fd) {
  constexpr int kLookEveryMilliseconds = 20;
  for (;;) {
    UniqueFd fd(::openat(folder.fd.get(), folder.file.c_str(), flags | O_NONBLOCK));
    if (fd.valid() || errno != ENXIO) return fd;
    struct stat info {};
    const bool fifo =
        ::fstatat(folder.fd.get(), folder.file.c_str(), &info, 0) == 0 && S_ISFIFO(info.st_mode);
    errno = ENXIO;
    if (!fifo) return fd;
    pollfd stop{interrupt_fd, POLLIN, 0};
    if (::poll(&stop, 1, kLookEveryMilliseconds) > 0) throw Stopped();
  }
}

}  // namespace

OpenedFile open_for_writing(const std::string& path, int interrupt_fd) {
  const Folder folder = open_folder(path);
  OpenedFile opened{UniqueFd(::openat(folder.fd.get(), folder.file.c_str(),
                                      kFlags | O_CREAT | O_EXCL, kFileMode)),
                    true};
  if (opened.fd.valid()) return opened;
  if (errno != EEXIST) throw_error(path, errno);
  const int flags = kFlags | link_flag(folder, path);
  opened = {open_when_read(folder, flags, interrupt_fd), false};
  if (!opened.fd.valid()) throw_error(path, errno);
  struct stat info {};
  if (::fstat(opened.fd.get(), &info) != 0) throw_error(path, errno);
  if (!S_ISCHR(info.st_mode)) check_owner(folder, path, "file", info.st_uid);
  // Only pipes are written without blocking.
  if (!S_ISFIFO(info.st_mode)) ::fcntl(opened.fd.get(), F_SETFL, 0);
  return opened;
}

}  // namespace xdpcap
