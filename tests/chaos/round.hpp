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

// What was done, and what came of it.
struct Tally {
  std::uint64_t faults = 0;
  std::uint64_t packets = 0;  // sent between this fault and the next
};

struct RoundResult {
  static constexpr std::size_t kMostKinds = 64;
  std::array<Tally, kMostKinds> kinds{};  // by place among all faults
  std::uint64_t captures = 0;
  std::uint64_t packets = 0;  // sent
  Verdict verdict{};          // of all captures together
  bool failed = false;
};

// Plays a round. What went wrong is said on stderr, with the steps that led there and the folder
// that has the files.
RoundResult play(const RoundPlan& plan);

}  // namespace xdpcap::chaos
