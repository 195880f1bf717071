// SPDX-License-Identifier: BSD-3-Clause
// Makes valid but unusual classic BPF programs and packets from random bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filter/cbpf.hpp"
#include "filter/oracle.hpp"

namespace xdpcap::test {

// Choices hands out decisions: from a seed's pseudo-random numbers (the same on each machine), or
// from a fuzzer's bytes, 0 when those are used up.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes), from_bytes_(true) {}

  std::uint32_t number();
  // From 0 to bound - 1.
  std::uint32_t below(std::uint32_t bound) { return number() % bound; }
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }

 private:
  std::uint64_t state_ = 0;
  std::span<const std::uint8_t> bytes_;
  bool from_bytes_ = false;
};

// A valid program of `length` instructions. Scratch memory is written before it is read, and no
// constant shift is longer than 31: libpcap 1.10.3 leaves both to chance. A few programs have jumps
// backwards, and may not end.
CbpfProgram random_program(Choices& choices, std::size_t length);

// Mostly none.
std::vector<std::uint32_t> random_offsets(Choices& choices);

Bytes random_packet(Choices& choices, std::size_t length);

}  // namespace xdpcap::test
