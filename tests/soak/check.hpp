// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace xdpcap::soak {

// Throws std::runtime_error with the expectation unless it holds.
inline void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("expected: " + what);
}

inline void expect_equal(std::uint64_t a, std::uint64_t b, const std::string& what) {
  expect(a == b, what + ", not " + std::to_string(a) + " and " + std::to_string(b));
}

}  // namespace xdpcap::soak
