// SPDX-License-Identifier: BSD-3-Clause
// What the kernel tells about BPF maps.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>

namespace xdpcap {

// Nothing when it is no map, or when the kernel does not tell: errno says why.
std::optional<bpf_map_info> map_info(int map_fd);

// Whether both are the same map, as far as the kernel tells.
bool same_map(int one_fd, int other_fd);

// Nothing when no map has this id (any more), or when this process may not look.
std::optional<bpf_map_info> find_map(std::uint32_t id);

}  // namespace xdpcap
