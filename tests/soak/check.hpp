// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace xdpcap::soak {

// Throws std::runtime_error, which says what was expected, unless it is so.
inline void expect(bool is_so, const std::string& what) {
  if (!is_so) throw std::runtime_error("expected: " + what);
}

inline void expect_equal(std::uint64_t a, std::uint64_t b, const std::string& what) {
  expect(a == b, what + ", not " + std::to_string(a) + " and " + std::to_string(b));
}

}  // namespace xdpcap::soak
