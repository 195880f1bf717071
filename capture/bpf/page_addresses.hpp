// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "base/xdp_buff.hpp"
#include "bpf/kernel_memory.hpp"
#include "bpf/kernel_types.hpp"

namespace xdpcap {

// How this kernel computes where a page's memory is. Nothing if that is not certain: the result has
// been tried on pages that this process has written to. On x86-64 only; it needs /proc/kallsyms
// with variables (CONFIG_KALLSYMS_ALL) and addresses (CAP_SYSLOG, and kernel.kptr_restrict below
// 2).
std::optional<PageAddresses> find_page_addresses(const KernelTypes& types);

// The trial: whether pages are where `addresses` says, with the random bytes that this process has
// just written to them. Throws Error.
bool are_true(const PageAddresses& addresses, const KernelTypes& types, const KernelMemory& memory);

}  // namespace xdpcap
