// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/xdp_buff.hpp"

namespace xdpcap {

// Reads the layout from the running kernel's BTF (/sys/kernel/btf/vmlinux). Throws Error if there
// is none.
XdpBuffLayout read_xdp_buff_layout();

}  // namespace xdpcap
