// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/xdp_buff_layout.hpp"

#include <bpf/btf.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace xdpcap {
namespace {

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};
using BtfOwner = std::unique_ptr<btf, FreeBtf>;

// In bits, from the start of `type`. Members of anonymous structs count as its own.
std::optional<std::uint32_t> find_member(const btf* types, const btf_type* type,
                                         std::string_view name) {
  for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
    const btf_member& member = btf_members(type)[i];
    const std::uint32_t offset = btf_member_bit_offset(type, i);
    const std::string_view its_name = btf__name_by_offset(types, member.name_off);
    if (its_name == name) return offset;
    const btf_type* inner = btf__type_by_id(types, member.type);
    if (!its_name.empty() || !btf_is_composite(inner)) continue;
    if (const auto found = find_member(types, inner, name)) return offset + *found;
  }
  return std::nullopt;
}

std::int16_t offset_of(const btf* types, const char* structure, const char* member) {
  const std::int32_t id = btf__find_by_name_kind(types, structure, BTF_KIND_STRUCT);
  const auto bits = id < 0 ? std::nullopt : find_member(types, btf__type_by_id(types, id), member);
  if (!bits) {
    throw Error("this kernel's BTF has no " + std::string(structure) + "." + member,
                "it cannot be captured without a hook");
  }
  return static_cast<std::int16_t>(*bits / 8);
}

}  // namespace

XdpBuffLayout read_xdp_buff_layout() {
  const BtfOwner types(btf__load_vmlinux_btf());
  if (!types) {
    throw system_error(
        "reading the kernel's BTF", errno,
        "tracing programs need a kernel with CONFIG_DEBUG_INFO_BTF; a hook does not");
  }
  return {.data = offset_of(types.get(), "xdp_buff", "data"),
          .data_end = offset_of(types.get(), "xdp_buff", "data_end"),
          .rxq = offset_of(types.get(), "xdp_buff", "rxq"),
          .dev = offset_of(types.get(), "xdp_rxq_info", "dev"),
          .queue_index = offset_of(types.get(), "xdp_rxq_info", "queue_index"),
          .ifindex = offset_of(types.get(), "net_device", "ifindex")};
}

}  // namespace xdpcap
