// SPDX-License-Identifier: BSD-3-Clause
#include "output/file_location.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string name_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

FileLocation::FileLocation(const std::string& path) : path_(path), name_(name_of(path)) {
  Folder folder{.path = folder_of(path), .fd = {}};
  folder.fd.reset(::open(folder.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  int error = name_.empty() ? EISDIR : 0;
  if (!folder.fd.valid() || ::fstat(folder.fd.get(), &folder.info) != 0) error = errno;
  if (error != 0) {
    throw system_error("opening the output " + path, error, "name a file that can be written");
  }
  folder_ = std::make_shared<const Folder>(std::move(folder));
}

FileLocation::FileLocation(const std::string& path, const FileLocation& other) {
  if (other.folder_ && other.folder_->path == folder_of(path)) {
    *this = other.with_name(name_of(path));
  } else {
    *this = FileLocation(path);
  }
}

FileLocation FileLocation::with_name(std::string name) const {
  FileLocation location = *this;
  location.path_ = path_.substr(0, path_.size() - name_.size()) + name;
  location.name_ = std::move(name);
  return location;
}

bool FileLocation::is_shared() const {
  return folder_ && (folder_->info.st_mode & S_ISVTX) != 0 &&
         (folder_->info.st_mode & S_IWOTH) != 0;
}

bool FileLocation::is_untrusted(uid_t owner) const {
  return is_shared() && owner != ::geteuid() && owner != folder_->info.st_uid;
}

bool FileLocation::look(struct stat& info, int flags) const {
  return ::fstatat(folder_fd(), name_.c_str(), &info, flags) == 0;
}

UniqueFd FileLocation::open(int flags, mode_t mode) const {
  return UniqueFd(::openat(folder_fd(), name_.c_str(), flags, mode));
}

// linkat() neither replaces a file nor follows a link at the new name.
bool FileLocation::link(int fd) const {
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  return ::linkat(AT_FDCWD, self.c_str(), folder_fd(), name_.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

bool FileLocation::rename_to(const FileLocation& target) const {
  return ::renameat(folder_fd(), name_.c_str(), target.folder_fd(), target.name_.c_str()) == 0;
}

void FileLocation::remove() const noexcept {
  if (folder_) ::unlinkat(folder_fd(), name_.c_str(), 0);
}

}  // namespace xdpcap
