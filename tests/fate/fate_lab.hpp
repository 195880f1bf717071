// SPDX-License-Identifier: BSD-3-Clause
// Networks in which packets get lost: left --- middle --- right, with a program on m0 that does
// what the first byte of a frame selects.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fate/lab.h"
#include "support/capture_reader.hpp"
#include "support/lab_fixture.hpp"

namespace xdpcap::test {

// A frame that asks the program to do `what` with a map's key or an interface's index.
Packet frame_for(std::uint8_t what, std::uint8_t key, std::uint32_t number = 0,
                 std::size_t size = 100);

class FateLab : public LabFixture {
 protected:
  FateLab();

  // The veth end r0 takes frames from m1's XDP only while it runs XDP itself.
  void let_right_receive() { attach(right_, "r0", program("pass")); }
  // Puts a device of the middle under a key of the devmap.
  void fill(std::uint32_t key, const std::string& interface) const {
    fill_devmap(map("devices"), key, std::uint32_t{index(interface)});
  }
  [[nodiscard]] std::uint8_t index(const std::string& interface) const {
    return static_cast<std::uint8_t>(middle_.interface_index(interface));
  }
  // "m1(3)".
  [[nodiscard]] std::string device(const std::string& interface) const {
    return interface + "(" + std::to_string(index(interface)) + ")";
  }
  // "devmap#12[0]".
  [[nodiscard]] std::string via(const char* map_name, std::uint32_t key) const;
  // What every comment ends with whose fate was reported.
  [[nodiscard]] std::string trailer(const std::string& of_program = "by_first_byte",
                                    const std::string& interface = "m0",
                                    std::uint32_t queue = 0) const;

  void start(std::vector<std::string> options = {"--fate"}, const std::string& filter = "");
  // The same where BTF counts as missing and `file_system` stands where tracefs should: "tracefs",
  // or another for a kernel that cannot trace at all.
  void start_without_btf(const std::string& file_system);
  [[nodiscard]] std::vector<std::string> command_without_btf(
      const std::string& file_system, const std::vector<std::string>& options) const;
  // Sends frames, and waits until the program on m0 has had them.
  void send(const std::vector<Packet>& frames) const;
  // Test frames that the program has had.
  [[nodiscard]] std::uint64_t seen() const;
  // Runs the program on m0 with `repeat` live copies of the frame (BPF_F_TEST_XDP_LIVE_FRAMES), as
  // fast as the kernel can.
  void run_live(const Packet& frame, std::uint32_t repeat) const;
  // Stops the capture.
  void end();
  // Freezes it: nothing that comes from now on can be written by itself.
  void freeze() const { capture_->signal(SIGSTOP); }
  // Kills it with SIGKILL, and waits until its guardian has completed the file.
  void kill();
  // Stops the capture and reads it.
  void stop();
  // Captures the frames with --fate; afterwards every one of them has to be in the file.
  void capture(const std::vector<Packet>& frames);
  void expect_comments(const std::vector<std::string>& comments) const;

  std::vector<ReadPacket> packets_;
  std::vector<Packet> bytes_;
  std::string err_;
  Summary summary_;

 private:
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> options,
                                                 const std::string& filter) const;
};

}  // namespace xdpcap::test
