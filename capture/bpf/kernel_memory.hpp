// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/unique_fd.hpp"

namespace xdpcap {

// KernelMemory reads the kernel's memory, by a program that calls bpf_probe_read_kernel().
class KernelMemory {
 public:
  static constexpr std::size_t kPiece = 64;
  using Piece = std::array<std::byte, kPiece>;

  // Throws Error if the kernel does not allow that.
  KernelMemory();

  // Nothing if there is no memory at the address.
  [[nodiscard]] std::optional<Piece> read(std::uint64_t address) const;
  // The pointer or u64 at the address.
  [[nodiscard]] std::optional<std::uint64_t> read_word(std::uint64_t address) const;
  // Where the kernel's struct bpf_map of a map is.
  [[nodiscard]] std::optional<std::uint64_t> address_of_map(int map_fd) const;

 private:
  [[nodiscard]] std::optional<Piece> run(int program_fd, std::uint64_t argument) const;

  UniqueFd result_;
  UniqueFd program_;
};

}  // namespace xdpcap
