// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

enum class XdpMode : std::uint8_t {
  native,   // in the driver
  generic,  // in the network stack, after the driver (SKB mode)
  offload,  // on the card
  unknown,  // known only from a BPF link, which does not say
};

// "native", "generic", "offload", "unknown".
const char* to_string(XdpMode mode);

// XdpAttachment is an XDP program on a network interface.
struct XdpAttachment {
  std::string network_namespace;  // a name in /run/netns; empty for the current one
  std::string interface;          // empty if known only from a BPF link: see xdp_attachments()
  std::uint32_t index = 0;
  std::uint32_t program_id = 0;
  XdpMode mode = XdpMode::native;
};

// InterfacePrograms is a network interface and the XDP programs on it, one for each mode at most.
struct InterfacePrograms {
  std::uint32_t index = 0;
  std::vector<std::uint32_t> ports;  // of a bond: their indexes; its program runs on them
  std::vector<XdpAttachment> attachments;
};

// Looks an interface up in the current network namespace, or in the one of this name in /run/netns.
// Throws Error if there is no such interface or namespace, or if it may not be entered.
InterfacePrograms find_interface(const std::string& name, const std::string& network_namespace);

// The names of interfaces of the current network namespace that people capture from: Ethernet, up,
// and no port of a bridge or bond. Throws Error.
std::vector<std::string> usual_interfaces();

// The XDP programs on the interfaces of the current network namespace and of those in /run/netns
// that this process may enter (CAP_SYS_ADMIN); then those attached by a BPF link in any other
// namespace, of which only the interface's index is known. One RTM_GETLINK dump (rtnetlink(7),
// IFLA_XDP) for each namespace. Throws Error.
std::vector<XdpAttachment> xdp_attachments();

}  // namespace xdpcap
