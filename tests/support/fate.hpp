// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <linux/bpf.h>

#include <cstdint>

#include "recorder/record.h"

namespace xdpcap::test {

// A fate with these fields set, and all others 0.
constexpr xdpcap_fate made_fate(std::uint32_t state, std::uint32_t action = XDP_ABORTED,
                                std::int32_t error = 0) {
  xdpcap_fate fate{};
  fate.state = state;
  fate.action = action;
  fate.error = error;
  return fate;
}

}  // namespace xdpcap::test
