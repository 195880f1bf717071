// SPDX-License-Identifier: BSD-3-Clause
// Selects the tracing programs whose events the running kernel has.
#pragma once

#include <bpf/libbpf.h>

namespace xdpcap {

// Skips programs for events that are not in the kernel's BTF, or have other arguments there. Throws
// Error if the kernel has no BTF.
void choose_programs_with_btf(bpf_object& object);

// The same for the programs that follow packets through the network stack. Throws Error if the
// kernel does not tell why it drops them (before Linux 5.17).
void choose_programs_for_stack(bpf_object& object);

// Skips programs for events that are not in tracefs. Throws Error if none is.
void choose_plain_programs(bpf_object& object);

}  // namespace xdpcap
