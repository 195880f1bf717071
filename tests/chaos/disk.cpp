// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/disk.hpp"

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace xdpcap::chaos {
namespace {

constexpr const char* kRoomy = "size=256m,mode=0777";

void resize(const std::string& path, const std::string& options) {
  if (::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT, options.c_str()) != 0) {
    throw system_error("remounting " + path + " with " + options, errno);
  }
}

}  // namespace

Disk::Disk(std::string path) : path_(std::move(path)) {
  if (::mount("tmpfs", path_.c_str(), "tmpfs", 0, kRoomy) != 0) {
    throw system_error("mounting a tmpfs", errno);
  }
}

Disk::~Disk() {
  ::umount2(path_.c_str(), MNT_DETACH);
}

// The capture may write in between: then there is more than the requested size.
void Disk::fill() const {
  for (int tries = 100;; --tries) {
    struct statvfs info {};
    if (::statvfs(path_.c_str(), &info) != 0) throw system_error("looking at " + path_, errno);
    const auto used = (info.f_blocks - info.f_bfree) * info.f_frsize;
    try {
      return resize(path_, "size=" + std::to_string(used));
    } catch (const Error&) {
      if (tries == 0) throw;
    }
  }
}

void Disk::free() const {
  resize(path_, kRoomy);
}

}  // namespace xdpcap::chaos
