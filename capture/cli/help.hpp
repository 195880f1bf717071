// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/option_summary.hpp"

namespace xdpcap {

// The text of -h: usage, options and examples, no line longer than 80 columns.
std::string help_text(const std::vector<OptionSummary>& options);

}  // namespace xdpcap
