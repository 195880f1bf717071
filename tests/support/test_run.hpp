// SPDX-License-Identifier: BSD-3-Clause
// Running a loaded XDP program on a packet of our own (BPF_PROG_TEST_RUN).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "support/packet.hpp"

namespace xdpcap::test {

struct TestRunOptions {
  std::uint32_t repeat = 1;
  bool keep_packet = false;  // as it left the program
  // The interface, of the thread's namespace, by which the packet comes in (Linux 5.14).
  std::uint32_t ingress_ifindex = 0;
  // How many bytes of it are in its linear part (Linux 6.18); when absent, all that fit.
  std::optional<std::uint32_t> linear = {};
  // Each repeat is a packet that goes where the program sends it (Linux 5.18).
  bool live_frames = false;
  std::uint32_t batch_size = 0;  // of live frames; 0: the kernel's choice
  // A signal ends it early, without an error.
  bool interruptible = false;
};

struct TestRun {
  std::uint32_t action = 0;
  Packet packet = {};
  std::chrono::nanoseconds per_run{0};  // by the kernel's clock, whole ones
};

// Throws Error. The kernel refuses packets that are shorter than an Ethernet header.
TestRun test_run(int program_fd, std::span<const std::uint8_t> packet,
                 const TestRunOptions& options = {});

}  // namespace xdpcap::test
