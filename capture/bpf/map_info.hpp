// SPDX-License-Identifier: BSD-3-Clause
// The kernel's information about BPF maps.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>

namespace xdpcap {

// What a descriptor of a BPF object is: bpf_map_info and bpf_prog_info cannot tell.
bool is_map(int fd);
bool is_program(int fd);

// Nothing if if the kernel refuses; see errno.
std::optional<bpf_map_info> map_info(int map_fd);

// Whether both are the same map; false if the kernel does not give their ids.
bool same_map(int one_fd, int other_fd);

// Nothing if no map has this id (any more), or if this process may not see it.
std::optional<bpf_map_info> find_map(std::uint32_t id);

}  // namespace xdpcap
