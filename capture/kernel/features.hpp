// SPDX-License-Identifier: BSD-3-Clause
// What the running kernel can do, asked of the kernel itself: distributions backport.
#pragma once

namespace xdpcap {

// bpf_xdp_load_bytes, and with it fragmented packets: Linux 5.18 (commit 3f364222d032).
bool has_xdp_load_bytes();

}  // namespace xdpcap
