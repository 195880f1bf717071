// SPDX-License-Identifier: BSD-3-Clause
// The map of make_probing_program(), in the interpreter and in the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "filter/ebpf_interpreter.hpp"

namespace xdpcap::test {

// CopyWorld has the map's value. Nothing past the copy may be read.
class CopyWorld final : public World {
 public:
  static constexpr int kMap = 3;

  explicit CopyWorld(std::size_t copied) : copied_(copied) {}

  std::uint8_t* memory(std::uint64_t address, std::size_t size) override;
  std::uint64_t map(int) override { return kAddress; }
  std::uint64_t map_value(int) override { return kAddress; }
  std::optional<std::uint64_t> call(std::int32_t, std::uint64_t, std::optional<Key>) override {
    return std::nullopt;
  }

 private:
  std::size_t copied_;
};

// The descriptor of one in the kernel, for as long as this process runs. Throws Error.
int kernel_copy_map();

}  // namespace xdpcap::test
