// SPDX-License-Identifier: BSD-3-Clause
// The cost of following packets past the verdict.
#pragma once

#include <cstdint>

#include "bench/capture/lab.hpp"
#include "bench/capture/measurement.hpp"
#include "bench/capture/tool.hpp"

namespace xdpcap::bench {

// Adds the cost of a capture for each redirected packet, without --fate and with it, and the
// start-up time with --fate. `tool` is the one without it. Throws Error.
void measure_fates(const Tool& tool, const Lab& lab, const WarmFile& warm, std::uint32_t not_on,
                   Results& results);

}  // namespace xdpcap::bench
