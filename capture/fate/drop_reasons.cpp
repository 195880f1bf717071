// SPDX-License-Identifier: BSD-3-Clause
#include "fate/drop_reasons.hpp"

#include <bpf/btf.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/text.hpp"

namespace xdpcap {
namespace {

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

using Names = std::map<std::uint32_t, std::string>;

// The upper half of a number is the subsystem that defines the lower half; 0: the core.
constexpr unsigned kSubsystemShift = 16;

// The enumerators of an enum, without what all their names begin with.
Names enumerators(const btf& types, const char* name, std::string_view prefix) {
  Names names;
  const int id = btf__find_by_name_kind(&types, name, BTF_KIND_ENUM);
  if (id < 0) return names;
  const btf_type* type = btf__type_by_id(&types, static_cast<__u32>(id));
  const auto* all = btf_enum(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    const std::string_view full = btf__name_by_offset(&types, all[i].name_off);
    if (!full.starts_with(prefix)) continue;
    names.emplace(static_cast<std::uint32_t>(all[i].val), full.substr(prefix.size()));
  }
  return names;
}

struct Reasons {
  Names core;
  Names subsystems;
};

const Reasons& reasons() {
  static const Reasons all = [] {
    Reasons read;
    const std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
    if (!types) return read;
    read.core = enumerators(*types, "skb_drop_reason", "SKB_DROP_REASON_");
    read.subsystems = enumerators(*types, "skb_drop_reason_subsys", "SKB_DROP_REASON_SUBSYS_");
    return read;
  }();
  return all;
}

using Explanation = std::pair<std::string_view, std::string_view>;
constexpr std::array kExplanations = {
    Explanation{"NETFILTER_DROP",
                "a firewall rule dropped or rejected it; nft list ruleset, or nft monitor trace"},
    Explanation{"NO_SOCKET",
                "no socket is bound to its address and port; ss -lntu shows those that are"},
    Explanation{"OTHERHOST",
                "its destination MAC address is not the interface's; look at the sender's ARP "
                "entry, or at what the program wrote"},
    Explanation{"TCP_CSUM",
                "its TCP checksum is wrong; if the program changed the packet, correct it there"},
    Explanation{"UDP_CSUM",
                "its UDP checksum is wrong; if the program changed the packet, correct it there"},
    Explanation{"ICMP_CSUM",
                "its ICMP checksum is wrong; if the program changed the packet, correct it there"},
    Explanation{
        "IP_CSUM",
        "the checksum of its IP header is wrong; if the program changed the header, correct "
        "it there"},
    Explanation{"IP_RPFILTER",
                "replies to its source address would leave by another interface; sysctl "
                "net.ipv4.conf.*.rp_filter, or add a route"},
    Explanation{"SOCKET_RCVBUFF",
                "the socket's receive buffer is full: its reader is too slow; enlarge SO_RCVBUF"},
    Explanation{"PROTO_MEM", "its protocol has no memory left; sysctl net.ipv4.udp_mem, tcp_mem"},
    Explanation{"SOCKET_FILTER", "a filter of the socket refused it (SO_ATTACH_FILTER)"},
    Explanation{"XFRM_POLICY", "an IPsec policy forbids it; ip xfrm policy"},
    Explanation{"IP_INHDR", "its IP header is malformed"},
    Explanation{"IP_INADDRERRORS", "its destination is no address of this machine"},
    Explanation{"IP_INNOROUTES", "there is no route to its destination; ip route get"},
    Explanation{"IP_LOCALNET", "an address of 127.0.0.0/8 came from outside"},
    Explanation{"IP_INVALID_SOURCE", "its source address is invalid, such as a broadcast address"},
    Explanation{"UNHANDLED_PROTO", "nothing in the kernel handles its protocol"},
    Explanation{"IP_NOPROTO", "nothing handles its IP protocol"},
    Explanation{"CPU_BACKLOG", "the CPU's queue is full; sysctl net.core.netdev_max_backlog"},
    Explanation{"TCP_FLAGS", "its TCP flags do not fit the connection's state"},
    Explanation{"TCP_OLD_DATA", "TCP had this data already: it was sent again"},
    Explanation{"TCP_INVALID_SEQUENCE", "its TCP sequence number is outside the window"},
    Explanation{"TC_INGRESS", "a tc program or filter dropped it; tc filter show dev ... ingress"},
    Explanation{"NEIGH_FAILED", "the next hop does not answer ARP; ip neigh"},
    Explanation{"PKT_TOO_SMALL", "it is shorter than its headers say"},
    Explanation{"QUEUE_PURGE", "its socket was closed before it was read"},
    Explanation{"SOCKET_CLOSE", "its socket was closed before it was read"},
};

}  // namespace

std::string drop_reason(std::uint32_t number) {
  const std::uint32_t subsystem = number >> kSubsystemShift;
  const Names& names = subsystem == 0 ? reasons().core : reasons().subsystems;
  const auto found = names.find(subsystem == 0 ? number : subsystem);
  if (found == names.end()) return "reason-" + std::to_string(number);
  if (subsystem == 0) return found->second;
  return found->second + "-" + std::to_string(number & ((1U << kSubsystemShift) - 1));
}

bool is_drop_reason(std::string_view lower_case) {
  const Names& names = reasons().core;
  return std::any_of(names.begin(), names.end(), [&](const Names::value_type& one) {
    return to_lower(one.second) == lower_case;
  });
}

std::string_view explain_drop_reason(std::string_view name) {
  const auto* found = std::find_if(kExplanations.begin(), kExplanations.end(),
                                   [&](const Explanation& one) { return one.first == name; });
  return found != kExplanations.end() ? found->second : std::string_view();
}

}  // namespace xdpcap
