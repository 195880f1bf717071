// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

namespace xdpcap::loader {

// Whether the interface's driver currently accepts frames that XDP redirects to it; a veth does
// while its peer has an XDP program or GRO. In the calling thread's network namespace. Empty if the
// kernel does not report it (before Linux 6.3, commit d3d854fd6a1d).
std::optional<bool> takes_redirected_frames(int ifindex);

}  // namespace xdpcap::loader
