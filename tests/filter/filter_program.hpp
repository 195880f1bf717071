// SPDX-License-Identifier: BSD-3-Clause
// The smallest XDP program around a filter: what a recorder does to run one, without the recorder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap::test {

// What the program returns. Any other value says that the filter broke its register contract.
inline constexpr std::uint32_t kNoMatch = 1;
inline constexpr std::uint32_t kMatch = 2;
inline constexpr std::uint32_t kBrokenContract = 99;

// The program returns kMatch or kNoMatch, after it has checked that the filter kept the registers
// that codegen.hpp promises to keep.
// With `offsets`, as emit_filter_at() says.
ebpf::Program make_filter_program(const CbpfProgram& filter, bool frags,
                                  std::span<const std::uint32_t> offsets = {});

// The value of the map, and where in it the program puts the copy of the packet.
inline constexpr std::uint32_t kCopyMapBytes = 1U << 17U;
inline constexpr std::uint32_t kCopyOffset = 64;

// The same for filters in programs that have no packet pointers: on a copy of the packet's first
// `prefix` bytes, which is made in the map (an ARRAY of one value), and by probing where these do
// not decide; with a prefix of 0, by probing alone.
ebpf::Program make_probing_program(const CbpfProgram& filter, std::uint32_t prefix, int map_fd,
                                   std::span<const std::uint32_t> offsets = {});

// How many instructions the filter alone takes.
std::size_t filter_size(const CbpfProgram& filter);

}  // namespace xdpcap::test
