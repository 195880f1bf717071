// SPDX-License-Identifier: BSD-3-Clause
// The cost of counting packets without recording them, and of reasons.
#pragma once

#include <cstdint>

#include "bench/capture/lab.hpp"
#include "bench/capture/measurement.hpp"
#include "bench/capture/tool.hpp"

namespace xdpcap::bench {

// Adds the CPU time, in ns, that a hook costs each packet while nobody captures, while packets are
// only counted, and while they are recorded: of a program without reasons, and of one that gives a
// reason each time. `tool` is the one that records. Throws Error.
void measure_counts(const Tool& tool, const Lab& lab, const WarmFile& warm, std::uint32_t not_on,
                    Results& results);

}  // namespace xdpcap::bench
