// SPDX-License-Identifier: BSD-3-Clause
// What a capture says of a packet besides its bytes: action, fate and reason.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/xdp_action.hpp"
#include "read/file_block.hpp"
#include "reason/entries.hpp"

namespace xdpcap {

// The source in the name of an interface: "eth0" of "eth0/XDPdrop", and of "eth0:fw()@fexit", which
// xdpdump writes; empty if it has none.
std::string_view source_of(const FileInterface& interface);

// Of its verdict or, without one, in the name of its interface: ours ("XDPdrop"), xdpcap's
// ("XDPDrop") or xdpdump's (at an entry).
std::optional<XdpAction> action_of(const FilePacket& packet, const FileInterface& interface);

// "eth0/XDPdrop": how the printer is told the interface and the action; empty if there are none.
std::string name_for_printing(const FileInterface& interface, std::optional<XdpAction> action);

// The comments in one line.
std::string comment_of(const FilePacket& packet);

// The words after "fate=" and "reason=" in a comment of this tool; the fate is "none" without one.
struct FateWords {
  std::string fate;
  std::string reason;
};
FateWords fate_of(const FilePacket& packet);

// The reason that its program gave, if any.
std::optional<ReasonEntry> given_reason(const FilePacket& packet);

}  // namespace xdpcap
