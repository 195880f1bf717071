// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <linux/bpf.h>

#include <vector>

namespace xdpcap {

// Every BPF link of the machine; none if this process may not look at them (CAP_SYS_ADMIN).
std::vector<bpf_link_info> bpf_links();

}  // namespace xdpcap
