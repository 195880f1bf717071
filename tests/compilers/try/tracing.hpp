// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

namespace xdpcap {

// Prepares the tracing programs of capture/fate as the tool does before it loads them: which of
// them this kernel has events for, limits (without which the verifier would skip most of the code),
// and a ring. Does nothing to other objects. Throws Error.
void prepare_tracing(bpf_object& object);

}  // namespace xdpcap
