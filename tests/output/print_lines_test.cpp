// SPDX-License-Identifier: BSD-3-Clause
#include "output/print_lines.hpp"

#include <gtest/gtest.h>

#include "output/pcapng.hpp"
#include "support/block.hpp"

namespace xdpcap {
namespace {

using test::MadeBlock;
using test::numbered_packet;

pcapng::Bytes section() {
  pcapng::Bytes file = pcapng::section_header({.hardware = "x", .os = "y", .application = "test"});
  for (const char* name : {"XDPdrop", "XDPxdpAction(7)"}) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = name, .description = "d", .filter = "", .os = ""});
    file.insert(file.end(), interface.begin(), interface.end());
  }
  return file;
}

void append_packet(pcapng::Bytes& file, std::uint32_t interface) {
  const MadeBlock block({.packet = numbered_packet(61), .interface = interface});
  const auto* bytes = reinterpret_cast<const std::byte*>(&block.get());
  file.insert(file.end(), bytes, bytes + block.get().block_length);
}

pcapng::Bytes two_sections() {
  pcapng::Bytes file = section();
  append_packet(file, 0);
  append_packet(file, 1);
  const pcapng::Bytes statistics = pcapng::interface_statistics({.written = 2});
  file.insert(file.end(), statistics.begin(), statistics.end());
  const pcapng::Bytes second = section();
  file.insert(file.end(), second.begin(), second.end());
  append_packet(file, 1);
  return file;
}

// However a pipe cuts them.
TEST(ActionQueue, NamesTheActionsInOrder) {
  const pcapng::Bytes file = two_sections();
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100}, file.size()}) {
    ActionQueue queue;
    for (std::size_t at = 0; at < file.size(); at += step) {
      queue.read(std::span(file).subspan(at, std::min(step, file.size() - at)));
    }
    EXPECT_EQ(queue.next(), "drop");
    EXPECT_EQ(queue.next(), "xdpAction(7)");
    EXPECT_EQ(queue.next(), "xdpAction(7)");
    EXPECT_EQ(queue.next(), "");
  }
}

TEST(BeginsPacket, WithATime) {
  EXPECT_TRUE(begins_packet("22:13:20.000000 LLDP, length 46\n"));
  for (const char* line : {"", "\t0x0000:  0000", "  22:13:20.0", "22:13:2", "22-13-20 x"}) {
    EXPECT_FALSE(begins_packet(line)) << line;
  }
}

}  // namespace
}  // namespace xdpcap
