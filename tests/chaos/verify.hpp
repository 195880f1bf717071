// SPDX-License-Identifier: BSD-3-Clause
// Compares a capture's packets and counts with those that were sent.
#pragma once

#include <cstdint>
#include <vector>

#include "chaos/capture.hpp"
#include "chaos/log.hpp"
#include "chaos/traffic.hpp"

namespace xdpcap::chaos {

struct Verdict {
  std::uint64_t must = 0;         // packets that it must have seen and matched
  std::uint64_t written = 0;      // packets in its output
  std::uint64_t left_out = 0;     // not selected, as it counted
  std::uint64_t lost = 0;         // as it counted
  std::uint64_t unaccounted = 0;  // expected, but neither written nor counted

  Verdict& operator+=(const Verdict& other);
};

// Adds to the verdict, and missing packets to the log. Throws Failure at the first error.
void verify(const Capture& capture, const std::vector<Sent>& sent, Verdict& verdict, Log& log);

}  // namespace xdpcap::chaos
