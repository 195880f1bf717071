// SPDX-License-Identifier: BSD-3-Clause
// A table of what became of the packets between two devices: counts, reasons, cures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fate/names.hpp"
#include "fate/tracer.hpp"

namespace xdpcap {

// One line for each (from, to), followed by a line for each reason why packets were dropped; empty
// if nothing was reported. `uncounted`: the number of reports missing from the pairs. `sources`:
// the names of the sources, to tell them apart; none: they are not.
std::string pair_table(const std::vector<PairCount>& pairs, std::uint64_t uncounted,
                       const Names& names, const std::vector<std::string>& sources = {});

// The pairs as a JSON array.
std::string pairs_as_json(const std::vector<PairCount>& pairs, const Names& names);

// The action of the packets that a report is about.
std::uint32_t action_of(const xdpcap_pair& pair);

// The usual cause of a failure between two devices (by name), and its cure.
std::string explain(const xdpcap_pair& pair, const std::string& from, const std::string& to);

}  // namespace xdpcap
