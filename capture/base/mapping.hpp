// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

namespace xdpcap {

// Mapping is memory shared with the kernel or with forks, unmapped on destruction.
class Mapping {
 public:
  Mapping() = default;
  // `access` is PROT_READ, or PROT_READ | PROT_WRITE. Throws an Error that begins with `doing`.
  Mapping(int fd, std::size_t length, int access, std::size_t offset, const char* doing);
  // Memory that forks share, all zeros. Throws an Error that begins with `doing`.
  static Mapping shared(std::size_t length, const char* doing);
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), length_(other.length_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(length_, other.length_);
    return *this;
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address_ != nullptr) ::munmap(address_, length_);
  }

  [[nodiscard]] std::byte* at(std::size_t offset) const {
    return static_cast<std::byte*>(address_) + offset;
  }

 private:
  void* address_ = nullptr;
  std::size_t length_ = 0;
};

}  // namespace xdpcap
