// SPDX-License-Identifier: BSD-3-Clause
// Features of the running kernel, by probing, not by version: distributions backport.
#pragma once

namespace xdpcap {

// bpf_xdp_load_bytes, and with it fragmented packets: Linux 5.18 (commit 3f364222d032).
bool has_xdp_load_bytes();

// BPF_XCHG: Linux 5.12 (commit 5ffa25502b5a). The JIT of arm64 has it since 5.18 (1902472b4fa9);
// before that the interpreter runs such programs, if the kernel was built with one.
bool has_atomic_exchange();
// Throws Error if it is missing.
void require_atomic_exchange();

}  // namespace xdpcap
