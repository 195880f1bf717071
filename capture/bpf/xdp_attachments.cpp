// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/xdp_attachments.hpp"

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "bpf/links.hpp"
#include "process/network_namespace.hpp"

namespace xdpcap {
namespace {

constexpr const char* kDoing = "asking which interfaces run XDP programs";

// Calls visit(type, payload) for each attribute of a message or of a nested attribute.
template <class Visit>
void for_each_attribute(std::span<const std::byte> bytes, Visit&& visit) {
  while (bytes.size() >= sizeof(rtattr)) {
    const auto* attribute = reinterpret_cast<const rtattr*>(bytes.data());
    if (attribute->rta_len < sizeof(rtattr) || attribute->rta_len > bytes.size()) return;
    visit(attribute->rta_type & NLA_TYPE_MASK,
          bytes.subspan(RTA_LENGTH(0), attribute->rta_len - RTA_LENGTH(0)));
    bytes = bytes.subspan(std::min<std::size_t>(RTA_ALIGN(attribute->rta_len), bytes.size()));
  }
}

std::uint32_t number(std::span<const std::byte> payload) {
  return payload.size() < sizeof(std::uint32_t)
             ? 0
             : *reinterpret_cast<const std::uint32_t*>(payload.data());
}

// The id of a program is in the attribute of its mode; an interface can have one of each. Drivers
// set IFLA_XDP_PROG_ID only if there is exactly one, so it is redundant.
std::optional<XdpMode> mode_of(unsigned attribute) {
  switch (attribute) {
    case IFLA_XDP_DRV_PROG_ID:
      return XdpMode::native;
    case IFLA_XDP_SKB_PROG_ID:
      return XdpMode::generic;
    case IFLA_XDP_HW_PROG_ID:
      return XdpMode::offload;
    default:
      return std::nullopt;
  }
}

// What a dump of all interfaces says.
struct Dump {
  std::vector<XdpAttachment> attachments;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> masters;  // of those that have one, by index
  std::vector<std::string> usual;                                // usual_interfaces()
};

bool is_ethernet_and_up(const ifinfomsg& message) {
  return message.ifi_type == ARPHRD_ETHER && (message.ifi_flags & IFF_UP) != 0;
}

void add_interface(std::span<const std::byte> message, Dump& dump) {
  if (message.size() < sizeof(ifinfomsg)) return;
  XdpAttachment attachment;
  const auto& header = *reinterpret_cast<const ifinfomsg*>(message.data());
  attachment.index = static_cast<std::uint32_t>(header.ifi_index);
  bool is_usual = is_ethernet_and_up(header);
  const auto attributes = message.subspan(NLMSG_ALIGN(sizeof(ifinfomsg)));
  std::vector<std::pair<XdpMode, std::uint32_t>> programs;
  for_each_attribute(attributes, [&](unsigned type, std::span<const std::byte> payload) {
    if (type == IFLA_IFNAME) attachment.interface = reinterpret_cast<const char*>(payload.data());
    if (type == IFLA_MASTER) {
      dump.masters.emplace_back(attachment.index, number(payload));
      is_usual = false;
    }
    if (type != IFLA_XDP) return;
    for_each_attribute(payload, [&](unsigned inner, std::span<const std::byte> value) {
      if (const auto mode = mode_of(inner)) programs.emplace_back(*mode, number(value));
    });
  });
  if (is_usual) dump.usual.push_back(attachment.interface);
  for (const auto& [mode, id] : programs) {
    attachment.mode = mode;
    attachment.program_id = id;
    dump.attachments.push_back(attachment);
  }
}

// One dump for all interfaces. libbpf's bpf_xdp_query() requests such a dump for each interface,
// which took 6.4 s for 501 interfaces; this takes some ms.
void request_interfaces(int socket) {
  struct {
    nlmsghdr header;
    ifinfomsg message;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message.ifi_family = AF_UNSPEC;
  if (::send(socket, &request, sizeof(request), 0) < 0) throw system_error(kDoing, errno);
}

// False after the last part of the answer.
bool read_part(std::span<const std::byte> part, Dump& dump) {
  while (part.size() >= sizeof(nlmsghdr)) {
    const auto* header = reinterpret_cast<const nlmsghdr*>(part.data());
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > part.size()) return false;
    const auto payload = part.subspan(NLMSG_HDRLEN, header->nlmsg_len - NLMSG_HDRLEN);
    if (header->nlmsg_type == NLMSG_DONE) return false;
    if (header->nlmsg_type == NLMSG_ERROR) {
      throw system_error(kDoing, -static_cast<int>(number(payload)));
    }
    if (header->nlmsg_type == RTM_NEWLINK) add_interface(payload, dump);
    part = part.subspan(std::min<std::size_t>(NLMSG_ALIGN(header->nlmsg_len), part.size()));
  }
  return true;
}

// In the calling thread's namespace.
Dump interfaces_here() {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) throw system_error(kDoing, errno);
  request_interfaces(socket.get());
  Dump dump;
  // Each part of the answer fits: the kernel makes none larger than the buffer of recv(), and may
  // need 32 KiB for an interface with many attributes.
  alignas(nlmsghdr) std::array<std::byte, 65536> buffer{};
  for (;;) {
    const ssize_t length = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) throw system_error(kDoing, errno);
    if (!read_part(std::span(buffer).first(static_cast<std::size_t>(length)), dump)) return dump;
  }
}

// None if this process may not enter it.
std::vector<XdpAttachment> attachments_in(const std::filesystem::path& network_namespace) {
  std::vector<XdpAttachment> found;
  visit_network_namespace(network_namespace, [&] {
    try {
      found = interfaces_here().attachments;
    } catch (const Error&) {
      found.clear();
    }
  });
  for (XdpAttachment& one : found) one.network_namespace = network_namespace.filename();
  return found;
}

// A BPF link has its program and the index of its interface, but not the namespace.
void add_links_out_of_sight(std::vector<XdpAttachment>& attachments) {
  for (const bpf_link_info& info : bpf_links()) {
    const bool attached = info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex != 0;
    const bool seen = std::any_of(attachments.begin(), attachments.end(), [&](const auto& one) {
      return one.program_id == info.prog_id && one.index == info.xdp.ifindex;
    });
    if (attached && !seen) {
      attachments.push_back({{}, {}, info.xdp.ifindex, info.prog_id, XdpMode::unknown});
    }
  }
}

}  // namespace

const char* to_string(XdpMode mode) {
  switch (mode) {
    case XdpMode::native:
      return "native";
    case XdpMode::generic:
      return "generic";
    case XdpMode::offload:
      return "offload";
    case XdpMode::unknown:
      break;
  }
  return "unknown";
}

InterfacePrograms find_interface(const std::string& name, const std::string& network_namespace) {
  const std::string doing = "opening the interface " + name + ": ";
  InterfacePrograms found;
  const auto look = [&] {
    found.index = ::if_nametoindex(name.c_str());
    if (found.index == 0) return;
    Dump dump = interfaces_here();
    found.attachments = std::move(dump.attachments);
    std::erase_if(found.attachments, [&](const auto& one) { return one.index != found.index; });
    for (const auto& [port, master] : dump.masters) {
      if (master == found.index) found.ports.push_back(port);
    }
  };
  if (network_namespace.empty()) {
    look();
  } else {
    visit_named_namespace(network_namespace, look);
  }
  if (found.index != 0) return found;
  const std::string where =
      network_namespace.empty() ? "" : " in the network namespace " + network_namespace;
  throw NotFound(doing + "there is no interface of this name" + where,
                 "ip link shows the interfaces");
}

std::vector<std::string> usual_interfaces() {
  return interfaces_here().usual;
}

std::vector<XdpAttachment> xdp_attachments() {
  std::vector<XdpAttachment> attachments = interfaces_here().attachments;
  for (const std::filesystem::path& path : other_network_namespaces()) {
    const std::vector<XdpAttachment> there = attachments_in(path);
    attachments.insert(attachments.end(), there.begin(), there.end());
  }
  add_links_out_of_sight(attachments);
  return attachments;
}

}  // namespace xdpcap
