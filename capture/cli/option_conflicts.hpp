// SPDX-License-Identifier: BSD-3-Clause
// Some options ask for something else than a capture, with which few of the others make sense.
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"

namespace xdpcap {

// Throws UsageError when `mode` was typed together with an option that is not among `allowed`. Both
// are names as they are typed, "--list" or "-s"; the others of an option go without saying.
void check_conflicts(const std::vector<const CLI::Option*>& typed, const std::string& mode,
                     const std::vector<std::string>& allowed);

}  // namespace xdpcap
