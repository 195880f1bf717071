// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap::chaos {

Disk::Disk(std::string path) : path_(std::move(path)) {
  if (::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=16m,mode=0777") != 0) {
    throw system_error("mounting a tmpfs", errno);
  }
}

Disk::~Disk() {
  ::umount2(path_.c_str(), MNT_DETACH);
}

void Disk::fill() const {
  const UniqueFd file(::open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::array<char, 4096> page{};
  while (::write(file.get(), page.data(), page.size()) > 0) {
  }
}

void Disk::free() const {
  ::unlink(filler().c_str());
}

}  // namespace xdpcap::chaos
