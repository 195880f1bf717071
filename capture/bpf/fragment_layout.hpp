// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "base/xdp_buff.hpp"
#include "bpf/kernel_types.hpp"

namespace xdpcap {

// Where tracing recorders find the fragments of packets. Nothing if packets have none on this
// kernel (before Linux 5.18), or if it is not certain where their memory is (page_addresses.hpp).
std::optional<FragmentLayout> read_fragment_layout(const KernelTypes& types);

}  // namespace xdpcap
