// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace xdpcap::chaos {

// Random makes the choices of a round. Unlike the distributions of the standard library, it gives
// the same numbers for a seed with every implementation.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t round) {
    std::seed_seq sequence{static_cast<std::uint32_t>(seed),
                           static_cast<std::uint32_t>(seed >> 32U),
                           static_cast<std::uint32_t>(round)};
    engine_.seed(sequence);
  }

  // One of 0 to count - 1.
  std::uint32_t below(std::uint32_t count) { return static_cast<std::uint32_t>(engine_() % count); }
  // From `low` to `high`, both possible.
  std::uint32_t between(std::uint32_t low, std::uint32_t high) {
    return low + below(high - low + 1);
  }
  bool one_in(std::uint32_t count) { return below(count) == 0; }

  template <class Item>
  const Item& one_of(const std::vector<Item>& items) {
    return items.at(below(static_cast<std::uint32_t>(items.size())));
  }

 private:
  std::mt19937 engine_;
};

}  // namespace xdpcap::chaos
