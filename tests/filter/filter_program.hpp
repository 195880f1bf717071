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

// How many instructions the filter alone takes.
std::size_t filter_size(const CbpfProgram& filter);

}  // namespace xdpcap::test
