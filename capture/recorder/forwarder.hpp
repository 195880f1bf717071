// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {

// Emits a forwarder: a program that takes the place of a recorder in its slot and tail-calls it
// through `recorder_fd`, a PROG_ARRAY of one entry. The recorder can then be exchanged by one
// update of that map, while the program in the slot stays the same for all who look at the hook.
// `spec` is that of the recorder. If the tail call fails, the packet goes on as after the recorder,
// and counts nowhere. A pure function.
ebpf::Program make_forwarder(const RecorderSpec& spec, int recorder_fd);

}  // namespace xdpcap
