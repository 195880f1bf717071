// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/program_extensions.hpp"

#include <algorithm>
#include <vector>

#include "bpf/links.hpp"
#include "bpf/program_info.hpp"

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

bool has_hidden_targets() {
  const std::vector<bpf_link_info> links = bpf_links();
  return std::any_of(links.begin(), links.end(), [](const bpf_link_info& info) {
    if (info.type != BPF_LINK_TYPE_TRACING || info.tracing.target_obj_id != 0) return false;
    const auto program = find_program(info.prog_id);
    return program && program->is_extension();
  });
}

}  // namespace xdpcap
