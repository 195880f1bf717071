// SPDX-License-Identifier: BSD-3-Clause
// Tracing programs on XDP programs: fentry and fexit, Linux 5.10.
#pragma once

#include <string>

#include "base/unique_fd.hpp"
#include "base/xdp_buff.hpp"
#include "ebpf/assembler.hpp"

namespace xdpcap {

// Loads `program` for the entry or exit of the program `target_fd`, of type XDP or EXT (a component
// under libxdp's dispatcher). It keeps the target loaded. `name` is truncated to 15 characters.
// Throws Error if the kernel refuses, or if the target has no BTF that says where its packet is.
UniqueFd load_tracing_program(const std::string& name, const ebpf::Program& program, int target_fd,
                              TracePoint point);

// Attaches it. It runs until the link that is returned is closed. Throws Error.
UniqueFd attach_tracing_program(int program_fd);

// Traces the program `target_fd` for a moment, with a program that does nothing. Throws Error if
// that is not possible.
void require_tracing(int target_fd, TracePoint point);

}  // namespace xdpcap
