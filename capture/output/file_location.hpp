// SPDX-License-Identifier: BSD-3-Clause
// The location of a file, which stays the same if its path changes meanwhile.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

// FileId identifies a file, whatever its name.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// FileLocation is a name in an open folder: what is opened, named and removed is what was checked,
// even if the folder's path leads elsewhere by then.
class FileLocation {
 public:
  // None.
  FileLocation() = default;
  // Opens the folder of `path`. Throws Error.
  explicit FileLocation(const std::string& path);
  // In the folder of `other` if it has the same path. Throws Error.
  FileLocation(const std::string& path, const FileLocation& other);

  // -1: none.
  [[nodiscard]] int folder_fd() const { return folder_ ? folder_->fd.get() : -1; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Another name in the same folder.
  [[nodiscard]] FileLocation with_name(std::string name) const;

  // Whether all users may create files there that only their owners may remove (/tmp).
  [[nodiscard]] bool is_shared() const;
  // Whether a file of `owner` there may come from an untrusted user.
  [[nodiscard]] bool is_untrusted(uid_t owner) const;

  // stat() of the file; with `flags` 0, of a symbolic link's target. False if there is none.
  [[nodiscard]] bool look(struct stat& info, int flags = AT_SYMLINK_NOFOLLOW) const;
  [[nodiscard]] UniqueFd open(int flags, mode_t mode = 0) const;
  // Links an open file to this name. False, with errno, on failure or if the name is taken.
  [[nodiscard]] bool link(int fd) const;
  // Renames the file to `target`, replacing whatever is there. False, with errno, on failure.
  [[nodiscard]] bool rename_to(const FileLocation& target) const;
  void remove() const noexcept;

 private:
  struct Folder {
    std::string path;
    UniqueFd fd;
    struct stat info {};
  };
  std::shared_ptr<const Folder> folder_;
  std::string path_;
  std::string name_;
};

}  // namespace xdpcap
