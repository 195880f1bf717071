// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xdpcap {

// Returns when no BPF program that ran when it was called runs any more, on any CPU. Throws Error.
void wait_for_running_programs();

}  // namespace xdpcap
