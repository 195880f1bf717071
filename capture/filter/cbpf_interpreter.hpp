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
  endless,  // no match either: more than kMaxBackwardJumps backward jumps
};

// Runs a valid filter (cbpf.hpp) over a packet in user space, with the result and the limits of the
// compiled filter in the kernel (codegen.hpp). libpcap's own interpreter would not do: that of 1.10
// never returns from an endless loop.
CbpfVerdict run_cbpf(const CbpfProgram& filter, std::span<const std::byte> packet);

}  // namespace xdpcap
