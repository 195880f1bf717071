// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

namespace xdpcap::loader {

// Whether the interface takes frames that XDP redirects to it, as its driver says now: for a veth
// that is so while its peer has an XDP program or GRO. In the calling thread's network namespace.
// Nothing if the kernel does not tell (before Linux 6.3, commit d3d854fd6a1d).
std::optional<bool> takes_redirected_frames(int ifindex);

}  // namespace xdpcap::loader
