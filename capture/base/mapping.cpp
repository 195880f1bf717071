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

Mapping Mapping::shared(std::size_t length, const char* doing) {
  Mapping mapping;
  mapping.address_ =
      ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  mapping.length_ = length;
  if (mapping.address_ != MAP_FAILED) return mapping;
  mapping.address_ = nullptr;
  throw system_error(doing, errno);
}

}  // namespace xdpcap
