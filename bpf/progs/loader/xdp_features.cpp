// SPDX-License-Identifier: BSD-3-Clause
#include "loader/xdp_features.hpp"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap::loader {
namespace {

// The "netdev" family, Documentation/netlink/specs/netdev.yaml in the kernel; many
// distributions have no linux/netdev.h yet.
constexpr std::uint8_t kDeviceGet = 1;        // NETDEV_CMD_DEV_GET
constexpr std::uint16_t kIfindex = 1;         // NETDEV_A_DEV_IFINDEX
constexpr std::uint16_t kXdpFeatures = 3;     // NETDEV_A_DEV_XDP_FEATURES
constexpr std::uint64_t kNdoXmit = 1U << 2U;  // NETDEV_XDP_ACT_NDO_XMIT

using Message = std::vector<std::uint8_t>;

void append(Message& message, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  message.insert(message.end(), bytes, bytes + size);
  message.resize(NLMSG_ALIGN(message.size()));
}

// A generic netlink request with one attribute:  nlmsghdr | genlmsghdr | nlattr | value
Message request(std::uint16_t family, std::uint8_t command, std::uint16_t attribute,
                const void* value, std::size_t size) {
  const genlmsghdr generic{command, 1, 0};
  const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), attribute};
  Message message(NLMSG_HDRLEN);
  append(message, &generic, sizeof generic);
  append(message, &header, sizeof header);
  append(message, value, size);
  nlmsghdr netlink{};
  netlink.nlmsg_len = static_cast<std::uint32_t>(message.size());
  netlink.nlmsg_type = family;
  netlink.nlmsg_flags = NLM_F_REQUEST;
  std::memcpy(message.data(), &netlink, sizeof netlink);
  return message;
}

// The kernel's reply, or nothing if it is an error.
std::optional<Message> ask(int socket, const Message& question) {
  if (send(socket, question.data(), question.size(), 0) < 0) return std::nullopt;
  Message answer(8192);
  const ssize_t size = recv(socket, answer.data(), answer.size(), 0);
  if (std::cmp_less(size, NLMSG_HDRLEN + GENL_HDRLEN)) return std::nullopt;
  answer.resize(static_cast<std::size_t>(size));
  nlmsghdr header{};
  std::memcpy(&header, answer.data(), sizeof header);
  if (header.nlmsg_type == NLMSG_ERROR) return std::nullopt;
  return answer;
}

template <class Value>
std::optional<Value> find_attribute(const Message& answer, std::uint16_t wanted) {
  std::size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
  while (at + NLA_HDRLEN <= answer.size()) {
    nlattr attribute{};
    std::memcpy(&attribute, answer.data() + at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || at + attribute.nla_len > answer.size()) break;
    if ((attribute.nla_type & NLA_TYPE_MASK) == wanted &&
        attribute.nla_len >= NLA_HDRLEN + sizeof(Value)) {
      Value value;
      std::memcpy(&value, answer.data() + at + NLA_HDRLEN, sizeof value);
      return value;
    }
    at += NLA_ALIGN(attribute.nla_len);
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> takes_redirected_frames(int ifindex) {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  if (!socket.valid()) return std::nullopt;
  constexpr std::array<char, 7> kFamily = {"netdev"};
  const auto family =
      ask(socket.get(), request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
                                kFamily.data(), kFamily.size()));
  if (!family) return std::nullopt;
  const auto id = find_attribute<std::uint16_t>(*family, CTRL_ATTR_FAMILY_ID);
  if (!id) return std::nullopt;

  const auto device =
      ask(socket.get(), request(*id, kDeviceGet, kIfindex, &ifindex, sizeof ifindex));
  if (!device) return std::nullopt;
  const auto features = find_attribute<std::uint64_t>(*device, kXdpFeatures);
  if (!features) return std::nullopt;
  return (*features & kNdoXmit) != 0;
}

}  // namespace xdpcap::loader
