// SPDX-License-Identifier: BSD-3-Clause
// Runs XDP programs without a kernel, so that compiler bugs are found where BPF is forbidden, on
// packets shorter than the kernel takes, and under a fuzzer. It is strict where the verifier would
// be: reading a register or stack bytes that were never written, or memory out of bounds, throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "filter/assembler.hpp"

namespace xdpcap::test {

// What `program` returns for `packet`, whose first `linear` bytes (all when absent) are in the
// linear part. Knows the helpers bpf_xdp_get_buff_len() and bpf_xdp_load_bytes(). Throws Error when
// the program does what no verified program could.
std::uint32_t interpret(const ebpf::Program& program, std::span<const std::uint8_t> packet,
                        std::optional<std::size_t> linear = std::nullopt);

}  // namespace xdpcap::test
