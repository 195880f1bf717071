// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// The name that `typed` probably means: one of which it is a prefix, or which differs in a few
// letters; empty if there is none. Both with their dashes.
std::string nearest_name(std::string_view typed, const std::vector<std::string>& names);

}  // namespace xdpcap
