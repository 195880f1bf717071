// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/features.hpp"

#include <bpf/libbpf.h>
#include <linux/bpf.h>

namespace xdpcap {

bool has_xdp_load_bytes() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, nullptr) == 1;
}

}  // namespace xdpcap
