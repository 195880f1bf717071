// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/links.hpp"

#include <bpf/bpf.h>

#include <cstdint>

#include "base/unique_fd.hpp"

namespace xdpcap {

std::vector<bpf_link_info> bpf_links() {
  std::vector<bpf_link_info> links;
  std::uint32_t id = 0;
  while (bpf_link_get_next_id(id, &id) == 0) {
    const UniqueFd fd(bpf_link_get_fd_by_id(id));
    bpf_link_info info{};
    std::uint32_t length = sizeof(info);
    if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) continue;
    links.push_back(info);
  }
  return links;
}

}  // namespace xdpcap
