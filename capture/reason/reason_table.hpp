// SPDX-License-Identifier: BSD-3-Clause
// How many packets had which reason.
#pragma once

#include <string>
#include <vector>

#include "reason/reasons.hpp"

namespace xdpcap {

// One line for each action and reason, the most frequent first; empty if there is no packet.
// `sources`: their names, to tell them apart; one or none: they are not.
std::string reason_table(std::vector<ReasonCount> counts, const std::vector<std::string>& sources);

// The same as a JSON array.
std::string reasons_as_json(const std::vector<ReasonCount>& counts,
                            const std::vector<std::string>& sources);

}  // namespace xdpcap
