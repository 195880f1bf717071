// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace xdpcap {

struct TestRunResult {
  std::uint32_t action;
  std::span<const std::byte> packet;  // as the program left it; valid until the next run
};

// TestRun runs a loaded XDP program on single packets, without an interface (BPF_PROG_TEST_RUN).
// The program's changes to maps are real; packets that it redirects are not sent.
class TestRun {
 public:
  // The kernel requires an Ethernet header.
  static constexpr std::size_t kLeastBytes = 14;

  // `ingress_ifindex`: the ingress interface, in this network namespace, that the program sees; 0:
  // the kernel's default ("lo"). Others than 0 need Linux 5.14.
  TestRun(int program_fd, std::uint32_t ingress_ifindex);

  // Nothing if the kernel does not accept a packet of this size: too short, or longer than its
  // buffers. Throws Error if it does not run the program at all.
  std::optional<TestRunResult> run(std::span<const std::byte> packet);

 private:
  [[nodiscard]] bool runs_at_all() const;
  int try_once(std::span<const std::byte> packet, TestRunResult& outcome);

  int program_fd_;
  std::uint32_t ingress_ifindex_;
  bool supports_context_ = true;
  std::vector<std::byte> out_;
};

}  // namespace xdpcap
