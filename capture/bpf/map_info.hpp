// SPDX-License-Identifier: BSD-3-Clause
// The kernel's information about BPF maps.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>

namespace xdpcap {

// Nothing if it is not a map, or if the kernel refuses; see errno.
std::optional<bpf_map_info> map_info(int map_fd);

// Whether both are the same map; false if the kernel does not give their ids.
bool same_map(int one_fd, int other_fd);

// Nothing if no map has this id (any more), or if this process may not see it.
std::optional<bpf_map_info> find_map(std::uint32_t id);

}  // namespace xdpcap
