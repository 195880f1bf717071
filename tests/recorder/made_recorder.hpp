// SPDX-License-Identifier: BSD-3-Clause
// Recorders to look at, of maps that nobody opened.
#pragma once

#include <linux/bpf.h>

#include "filter/expression.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::test {

inline RecorderSpec spec() {
  return {.action = XdpAction(XDP_DROP),
          .interface_id = 1,
          .snaplen = kMaxSnaplen,
          .cpus = 4,
          .counters_row = 1,
          .control_fd = 3,
          .rings_fd = 4,
          .ring_bytes = 1U << 20U,
          .wakeup_fd = 5,
          .frags = false,
          .has_xdp_load_bytes = true};
}

inline ebpf::Program make(const RecorderSpec& spec, const char* filter) {
  return make_recorder(spec, compile_filter(filter, LinkType{}));
}

}  // namespace xdpcap::test
