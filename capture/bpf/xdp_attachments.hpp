// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

enum class XdpMode : std::uint8_t {
  native,   // in the driver
  generic,  // in the network stack, behind the driver (SKB mode)
  offload,  // on the card
  unknown,  // known only from a BPF link, which does not tell
};

// "native", "generic", "offload", "unknown".
const char* to_string(XdpMode mode);

// XdpAttachment is an XDP program on a network interface.
struct XdpAttachment {
  std::string network_namespace;  // a name in /run/netns; empty for the one we are in
  std::string interface;          // empty when only a BPF link tells of it: see xdp_attachments()
  std::uint32_t index = 0;
  std::uint32_t program_id = 0;
  XdpMode mode = XdpMode::native;
};

// The XDP programs on the interfaces of our network namespace and of those named in /run/netns, as
// far as we may enter them (CAP_SYS_ADMIN); then those attached by a BPF link in namespaces that
// are not among them, where the index is all that can be known. Asks the kernel by RTM_GETLINK
// (rtnetlink(7), IFLA_XDP), once for each namespace. Throws Error.
std::vector<XdpAttachment> xdp_attachments();

}  // namespace xdpcap
