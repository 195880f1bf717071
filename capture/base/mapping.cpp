// SPDX-License-Identifier: BSD-3-Clause
#include "base/mapping.hpp"

#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {

Mapping::Mapping(int fd, std::size_t length, int access, std::size_t offset, const char* doing)
    : address_(::mmap(nullptr, length, access, MAP_SHARED, fd, static_cast<off_t>(offset))),
      length_(length) {
  if (address_ != MAP_FAILED) return;
  address_ = nullptr;
  throw system_error(doing, errno);
}

}  // namespace xdpcap
