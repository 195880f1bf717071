// SPDX-License-Identifier: BSD-3-Clause
// What tracing programs (fentry and fexit) on XDP programs get as their context.
#pragma once

#include <cstdint>

namespace xdpcap {

// TracePoint is where in the traced program a tracing program runs.
enum class TracePoint : std::uint8_t { entry, exit };

// XdpBuffLayout is where the kernel keeps what recorders need, from its BTF
// (bpf/xdp_buff_layout.hpp): offsets in bytes.
struct XdpBuffLayout {
  std::int16_t data = 0;  // of struct xdp_buff
  std::int16_t data_end = 0;
  std::int16_t rxq = 0;
  std::int16_t dev = 0;  // of struct xdp_rxq_info
  std::int16_t queue_index = 0;
  std::int16_t ifindex = 0;  // of struct net_device
};

}  // namespace xdpcap
