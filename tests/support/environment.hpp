// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap::test {

// The number in a variable of the environment; nothing when it is not set. Throws Error.
inline std::optional<std::uint64_t> number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const auto number = parse_number<std::uint64_t>(text);
  if (!number) throw Error("reading " + std::string(name) + ": not a number");
  return number;
}

}  // namespace xdpcap::test
