// SPDX-License-Identifier: BSD-3-Clause
// A fate is that of the packet, not of what comes after it in the same memory.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "fate/stack_lab.hpp"

namespace xdpcap::test {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint16_t kOpen = 7000;
constexpr std::uint16_t kClosed = 7001;

class StackMemory : public StackLab {
 protected:
  // A TCP server in the middle. The kernel accepts the connections.
  [[nodiscard]] UniqueFd listening() const {
    UniqueFd fd;
    middle_.call([&] {
      fd = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = at("0.0.0.0");
      ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
      ASSERT_EQ(::listen(fd.get(), 1000), 0);
    });
    return fd;
  }
  // Opens and closes a connection.
  void connect_once() const {
    left_.call([&] {
      const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = at("10.0.0.2");
      ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                0);
    });
  }

 private:
  static sockaddr_in at(const char* ip) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kOpen);
    ::inet_pton(AF_INET, ip, &address.sin_addr);
    return address;
  }
};

// The stack reuses memory at once; each packet has its own fate all the same. A packet socket that
// gets clones of all of them changes nothing.
TEST_P(StackMemory, OfManyPackets) {
  constexpr std::uint32_t kRounds = 300;
  const PacketSocket tap(middle_, "m0");
  const UniqueFd socket = bound(kOpen, 1 << 20);
  ASSERT_NO_FATAL_FAILURE(start());
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    send({udp_frame({.port = kOpen, .number = i}), udp_frame({.port = kClosed, .number = i}),
          tcp_frame({.port = kClosed, .good_checksum = false})});
  }
  ASSERT_NO_FATAL_FAILURE(stop(std::size_t{3} * kRounds));
  const std::vector<std::string> of_round = {with_ingress("fate=delivered"), dropped("NO_SOCKET"),
                                             dropped("TCP_CSUM")};
  std::vector<std::string> expected;
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    expected.insert(expected.end(), of_round.begin(), of_round.end());
  }
  EXPECT_EQ(comments(), expected) << err_;
}

// The last segment of a handshake is freed without a report. Packets that no recorder sees then are
// dropped in its memory.
TEST_P(StackMemory, OfPacketsThatTheCaptureDoesNotSee) {
  constexpr std::uint32_t kConnections = 100;
  constexpr std::uint32_t kHidden = 4;
  replace_program("pass_all_hook_tcp");
  const UniqueFd server = listening();
  ASSERT_NO_FATAL_FAILURE(start());
  for (std::uint32_t i = 0; i < kConnections; ++i) {
    connect_once();
    for (std::uint32_t j = 0; j < kHidden; ++j) send({udp_frame({.port = kClosed})});
  }
  ASSERT_NO_FATAL_FAILURE(stop(std::size_t{3} * kConnections));
  EXPECT_EQ(counter("UdpNoPorts"), kConnections * kHidden);
  EXPECT_THAT(comments(), Each(Not(HasSubstr("NO_SOCKET"))));
  const std::vector<std::string> all = comments();
  const auto with = [&](const char* what) {
    return std::count_if(all.begin(), all.end(), [&](const std::string& comment) {
      return comment.find(what) != std::string::npos;
    });
  };
  EXPECT_GE(with("fate=consumed "), kConnections);  // every SYN
  EXPECT_GE(with("fate=passed "), kConnections);    // every last segment of a handshake
}

INSTANTIATE_TEST_SUITE_P(Modes, StackMemory, ::testing::Values("xdpdrv", "xdpgeneric"),
                         [](const auto& chosen) { return std::string(chosen.param); });

}  // namespace
}  // namespace xdpcap::test
