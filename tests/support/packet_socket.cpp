// SPDX-License-Identifier: BSD-3-Clause
#include "support/packet_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "support/process.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint16_t kTestEtherType = 0x88B5;  // IEEE 802: local experimental

UniqueFd open_socket(const std::string& interface) {
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw system_error("binding to " + interface, errno);
  }
  const int room = 64 << 20;  // for all frames of a test, however late it reads them
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
  return fd;
}

}  // namespace

PacketSocket::PacketSocket(const Namespace& where, const std::string& interface) {
  where.call([&] { fd_ = open_socket(interface); });
}

void PacketSocket::send_by_own_queue() const {
  const int yes = 1;
  if (::setsockopt(fd_.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) != 0) {
    throw system_error("bypassing the queueing discipline", errno);
  }
}

// If a queue on the path is full, the frame is not sent; retry.
void PacketSocket::send(const Packet& frame) const {
  const auto sent = [&] {
    const ssize_t size = ::send(fd_.get(), frame.data(), frame.size(), 0);
    if (size >= 0 || errno == ENOBUFS) return std::cmp_equal(size, frame.size());
    throw system_error("sending a frame", errno);
  };
  if (!eventually(sent)) throw Error("sending a frame: the queue stays full");
}

std::vector<Packet> PacketSocket::receive(std::size_t count) const {
  constexpr int kSilenceMilliseconds = 500;
  std::vector<Packet> frames;
  pollfd ready{fd_.get(), POLLIN, 0};
  while (frames.size() < count && ::poll(&ready, 1, kSilenceMilliseconds) > 0) {
    Packet frame(65536);
    sockaddr_ll from{};
    socklen_t length = sizeof(from);
    const ssize_t size = ::recvfrom(fd_.get(), frame.data(), frame.size(), 0,
                                    reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) throw system_error("receiving a frame", errno);
    frame.resize(static_cast<std::size_t>(size));
    if (from.sll_pkttype != PACKET_OUTGOING && is_test_frame(frame)) frames.push_back(frame);
  }
  return frames;
}

Packet test_frame(std::uint8_t first, std::uint32_t number, std::size_t size) {
  Packet frame = numbered_packet(size, static_cast<std::uint8_t>(number));
  frame[0] = first;
  frame[12] = kTestEtherType >> 8U;
  frame[13] = kTestEtherType & 0xFFU;
  std::memcpy(&frame[14], &number, sizeof(number));
  return frame;
}

bool is_test_frame(const Packet& frame) {
  return frame.size() >= 18 && frame[12] == (kTestEtherType >> 8U) &&
         frame[13] == (kTestEtherType & 0xFFU);
}

}  // namespace xdpcap::test
