// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// The name that was probably meant by `typed`: one that begins with it, or that a few wrong,
// missing, added or swapped letters away is; empty when none is near. Both with their dashes.
std::string nearest_name(std::string_view typed, const std::vector<std::string>& names);

}  // namespace xdpcap
