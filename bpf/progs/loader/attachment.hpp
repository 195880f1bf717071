// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"
#include "loader/netns.hpp"

namespace xdpcap::loader {

// Native runs in the driver, before the kernel allocates an skb; generic runs later, on the skb,
// with any driver. Automatic is native if the driver supports it, else generic.
enum class Mode { Automatic, Native, Generic };

// Attachment is an XDP program attached to an interface by a BPF link (Linux 5.9). Destroying it,
// or killing the loader, detaches this program and never another.
struct Attachment {
  UniqueFd link;
  std::string interface;
  Mode mode;  // Native or Generic
};

// Attaches a loaded program. Throws Error.
Attachment attach_xdp(int program_fd, const std::string& interface, Mode mode, const Netns& netns);

// "native" or "generic".
const char* mode_name(Mode mode);

}  // namespace xdpcap::loader
