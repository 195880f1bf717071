// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "filter/cbpf.hpp"

namespace xdpcap {

enum class CbpfVerdict : std::uint8_t {
  no_match,
  match,
  endless,  // no match either: more than kMaxBackwardJumps jumps backwards
};

// What a valid filter (cbpf.hpp) says about a packet, in user space: what the compiled filter says
// in the kernel, with the same bounds (codegen.hpp). libpcap has an interpreter too, but that of
// 1.10 runs a program that never ends for ever.
CbpfVerdict run_cbpf(const CbpfProgram& filter, std::span<const std::byte> packet);

}  // namespace xdpcap
