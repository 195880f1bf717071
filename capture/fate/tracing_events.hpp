// SPDX-License-Identifier: BSD-3-Clause
// Chooses among the tracing programs those whose events the running kernel has.
#pragma once

#include <bpf/libbpf.h>

namespace xdpcap {

// Leaves out programs for events that the kernel's BTF does not know, or knows with arguments from
// another time. Throws Error when the kernel has no BTF.
void choose_programs_with_btf(bpf_object& object);

// Leaves out programs for events that tracefs does not list. Throws Error when it lists none.
void choose_plain_programs(bpf_object& object);

}  // namespace xdpcap
