// SPDX-License-Identifier: BSD-3-Clause
// Runs XDP programs in the kernel on given packets (BPF_PROG_TEST_RUN).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/unique_fd.hpp"
#include "ebpf/assembler.hpp"

namespace xdpcap::test {

// The kernel runs XDP programs on no packet that is shorter than an Ethernet header.
inline constexpr std::size_t kShortestKernelPacket = 14;
// What a test run puts into one page at least, whatever the kernel's version; a longer packet is
// refused, or in fragments.
inline constexpr std::size_t kLongestLinearPacket = 3400;

// KernelProgram is an XDP program that the kernel has verified and loaded.
class KernelProgram {
 public:
  // Throws Error with the verifier's words when the kernel refuses the program.
  KernelProgram(const ebpf::Program& program, bool frags);

  // What the program returns for `packet`, of which the first `linear` bytes (all that fit, when
  // absent) are in the linear part. Throws Error.
  [[nodiscard]] std::uint32_t run(std::span<const std::uint8_t> packet,
                                  std::optional<std::uint32_t> linear = std::nullopt) const;

  // Nanoseconds a run, on the mean of `repeat` runs.
  [[nodiscard]] double time(std::span<const std::uint8_t> packet, std::uint32_t repeat) const;

  // How many instructions the verifier walked through to be sure, where the kernel says (5.16).
  [[nodiscard]] std::uint32_t verified_instructions() const;

 private:
  UniqueFd fd_;
};

// Whether this process may load XDP programs here.
bool can_load_programs();
// Whether the kernel has xdp.frags and bpf_xdp_load_bytes() (5.18).
bool has_frags();
// Whether the length of the linear part can be chosen in a test run (6.18).
bool can_choose_linear_part();

}  // namespace xdpcap::test
