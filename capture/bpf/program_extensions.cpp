// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/program_extensions.hpp"

#include "bpf/links.hpp"

namespace xdpcap {

// The link has both ids. Its type is that of tracing programs' links.
std::multimap<std::uint32_t, std::uint32_t> extended_programs() {
  std::multimap<std::uint32_t, std::uint32_t> targets;
  for (const bpf_link_info& info : bpf_links()) {
    if (info.type != BPF_LINK_TYPE_TRACING || info.tracing.target_obj_id == 0) continue;
    targets.emplace(info.prog_id, info.tracing.target_obj_id);
  }
  return targets;
}

}  // namespace xdpcap
