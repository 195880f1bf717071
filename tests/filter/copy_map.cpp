// SPDX-License-Identifier: BSD-3-Clause
#include "filter/copy_map.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "filter/filter_program.hpp"

namespace xdpcap::test {

// Not cleared from one program to the next, which would take most of the time.
std::uint8_t* CopyWorld::memory(std::uint64_t address, std::size_t size) {
  static std::vector<std::uint8_t> value(kCopyMapBytes);
  const std::uint64_t offset = address - kAddress;
  const std::size_t end = kCopyOffset + copied_;
  if (offset >= end || size > end - offset) return nullptr;
  return &value[offset];
}

int kernel_copy_map() {
  static const UniqueFd map(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "copy", sizeof(std::uint32_t), kCopyMapBytes, 1, nullptr));
  if (!map.valid()) throw system_error("creating a map", errno);
  return map.get();
}

}  // namespace xdpcap::test
