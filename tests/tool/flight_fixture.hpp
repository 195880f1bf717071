// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of --last.
#pragma once

#include <gmock/gmock.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/capture_reader.hpp"
#include "support/pcapng_file.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {

class FlightTest : public GuardianTest {
 protected:
  // Packet `number`, which contains it. Its size is a multiple of 4: no padding in the file.
  static Packet numbered(std::uint32_t action, std::uint32_t number, std::size_t size = 64) {
    Packet packet = packet_for(action, size);
    for (std::size_t i = 0; i < 4; ++i) packet[20 + i] = static_cast<std::uint8_t>(number >> 8 * i);
    return packet;
  }
  void send(std::uint32_t action, std::uint32_t from, std::uint32_t to, std::size_t size = 64) {
    for (std::uint32_t i = from; i < to; ++i) program_.run(numbered(action, i, size));
  }

  // Waits until the capture runs; there is no file yet.
  static bool is_live(const Process& capture) {
    return eventually(
        [&] { return capture.err().find("keeps the packets of the last") != std::string::npos; });
  }
  // SIGUSR2, and waits for the message that the file is written.
  [[nodiscard]] bool write(const Process& capture, const std::string& name) const {
    capture.signal(SIGUSR2);
    return is_written(capture, name);
  }
  [[nodiscard]] bool is_written(const Process& capture, const std::string& name) const {
    return eventually(
        [&] { return capture.err().find(files_.path(name) + ": ") != std::string::npos; });
  }
  [[nodiscard]] ProcessResult stop(Process& capture) const {
    capture.signal(SIGINT);
    ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(hook_is_empty());
    return result;
  }

  // The numbers of the packets in a file, which tshark, too, reads without a complaint.
  [[nodiscard]] std::vector<std::uint32_t> numbers_in(const std::string& name) const {
    std::vector<std::uint32_t> numbers;
    const auto packets = read_bytes(files_.path(name));
    EXPECT_EQ(read_with_tshark(files_.path(name)).size(), packets.size());
    for (const Packet& packet : packets) {
      std::uint32_t number = 0;
      for (std::size_t i = 0; i < 4; ++i) number |= std::uint32_t{packet[20 + i]} << 8 * i;
      numbers.push_back(number);
    }
    return numbers;
  }
  static std::vector<std::uint32_t> range(std::uint32_t from, std::uint32_t to) {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = from; i < to; ++i) numbers.push_back(i);
    return numbers;
  }

  // A file's own account, in its statistics blocks. `left_out`: packets in no file.
  static void expect_account(const PcapngFile& file, std::uint64_t left_out = 0) {
    const auto total = file.total();
    EXPECT_THAT(file.statistics, ::testing::SizeIs(5));
    EXPECT_EQ(total.delivered, file.packets);
    EXPECT_EQ(total.accepted, file.packets + total.dropped + left_out);
  }
};

}  // namespace xdpcap::test
