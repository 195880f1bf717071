// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/program_extensions.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "base/unique_fd.hpp"

namespace xdpcap {

// The link has both ids. Its type is that of tracing programs' links.
std::map<std::uint32_t, std::uint32_t> extended_programs() {
  std::map<std::uint32_t, std::uint32_t> targets;
  std::uint32_t id = 0;
  while (bpf_link_get_next_id(id, &id) == 0) {
    const UniqueFd fd(bpf_link_get_fd_by_id(id));
    bpf_link_info info{};
    std::uint32_t length = sizeof(info);
    if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) continue;
    if (info.type != BPF_LINK_TYPE_TRACING || info.tracing.target_obj_id == 0) continue;
    targets[info.prog_id] = info.tracing.target_obj_id;
  }
  return targets;
}

}  // namespace xdpcap
