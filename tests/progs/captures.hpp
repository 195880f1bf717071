// SPDX-License-Identifier: BSD-3-Clause
// The packets of pcaps/, classified by libpcap: an oracle for the example programs that shares no
// code with them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "progs/packets.hpp"

namespace xdpcap::test {

// An IPv4 header that is all there.
inline const std::string kWholeIpv4 =
    "(ip[0] & 0xf0 = 0x40 and ip[0] & 0xf >= 5 and ip[(ip[0] & 0xf) * 4 - 1] >= 0)";

// Judge decides whether a tcpdump expression matches a packet. An access past the end of the
// packet is a no; nothing is optimised away, so that "ip[39] >= 0" asks whether there is such a
// byte.
class Judge {
 public:
  explicit Judge(const std::string& expression);
  bool takes(const Bytes& packet) const;

 private:
  std::shared_ptr<void> program_;
};

// Calls `look` with every packet of every Ethernet capture in pcaps/, without those that are
// shorter than an Ethernet header, and says which one it is when a test fails there. `expression`
// has to take some of them and leave others.
void for_each_captured(const std::string& expression,
                       const std::function<void(const Bytes& packet, bool taken)>& look);

// The same, with `expression` being about the packet without its (up to two) VLAN tags.
void for_each_captured_after_vlan(const std::string& expression,
                                  const std::function<void(const Bytes& packet, bool taken)>& look);

// Up to two tags taken off: 802.1Q and 802.1ad.
Bytes without_vlan_tags(Bytes packet);

}  // namespace xdpcap::test
