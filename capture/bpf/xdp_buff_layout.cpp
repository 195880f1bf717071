// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/xdp_buff_layout.hpp"

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "bpf/fragment_layout.hpp"
#include "bpf/kernel_types.hpp"

namespace xdpcap {
namespace {

std::int16_t offset_of(const KernelTypes& types, const char* structure, const char* member) {
  const auto offset = types.offset_of(structure, member);
  if (!offset) {
    throw Error("this kernel's BTF has no " + std::string(structure) + "." + member,
                "it cannot be captured without a hook");
  }
  return static_cast<std::int16_t>(*offset);
}

}  // namespace

XdpBuffLayout read_xdp_buff_layout() {
  const KernelTypes types;
  return {.data = offset_of(types, "xdp_buff", "data"),
          .data_end = offset_of(types, "xdp_buff", "data_end"),
          .rxq = offset_of(types, "xdp_buff", "rxq"),
          .dev = offset_of(types, "xdp_rxq_info", "dev"),
          .queue_index = offset_of(types, "xdp_rxq_info", "queue_index"),
          .ifindex = offset_of(types, "net_device", "ifindex"),
          .fragments = read_fragment_layout(types)};
}

}  // namespace xdpcap
