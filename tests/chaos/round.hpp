// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "chaos/faults.hpp"
#include "chaos/verify.hpp"

namespace xdpcap::chaos {

struct RoundPlan {
  std::uint64_t seed = 1;
  std::uint64_t round = 0;
  unsigned faults = 30;
  std::vector<const Fault*> kinds{};
  std::set<std::string> without{};  // features
  bool verbose = false;
};

// One kind of fault in a round.
struct Tally {
  std::uint64_t faults = 0;
  std::uint64_t packets = 0;  // sent between this fault and the next
};

struct RoundResult {
  static constexpr std::size_t kMostKinds = 64;
  std::array<Tally, kMostKinds> kinds{};  // by index in all_faults()
  std::uint64_t captures = 0;
  std::uint64_t packets = 0;  // sent
  Verdict verdict{};          // of all captures together
  bool failed = false;
};

// Plays a round. A failure is printed to stderr, with all steps before it and the folder with the
// files.
RoundResult play(const RoundPlan& plan);

}  // namespace xdpcap::chaos
