// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of the hook: a stand-in for a recorder, and running a program on a packet.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"
#include "support/test_run.hpp"

namespace xdpcap {

// Loads an XDP program that only returns `value`, so that a run shows whether it was reached.
// `attach_type` must be that of the programs which use the hook it goes into. Throws Error.
UniqueFd load_marker(int value, bpf_attach_type attach_type = BPF_XDP);

// Puts a program into a slot of a hook. Throws Error.
void put_into_slot(int hook_fd, std::uint32_t slot, int program_fd);

// A test run that keeps the packet, which is filled up to Ethernet's 14 bytes, below which the
// kernel refuses. Throws Error.
test::TestRun run_program(int program_fd, std::vector<std::uint8_t> packet,
                          std::uint32_t ingress_ifindex = 0);

}  // namespace xdpcap
