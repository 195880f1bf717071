// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/fragment_layout.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "bpf/page_addresses.hpp"

namespace xdpcap {
namespace {

constexpr const char* kShared = "skb_shared_info";

// What is stored at `into`: the offset of a member.
struct Wanted {
  std::int16_t& into;
  const char* structure;
  const char* member;
};

bool find(const KernelTypes& types, const Wanted& wanted) {
  const auto offset = types.offset_of(wanted.structure, wanted.member);
  if (offset) wanted.into = static_cast<std::int16_t>(*offset);
  return offset.has_value();
}

// An skb_frag_t is a struct bio_vec, or, from Linux 6.9 on, a struct skb_frag.
bool find_fragments(const KernelTypes& types, FragmentLayout& layout) {
  const auto fragments = types.array_in(kShared, "frags");
  if (!fragments) return false;
  const char* element = fragments->element.c_str();
  const auto size = types.size_of(element);
  if (!size) return false;
  layout.most_fragments = static_cast<std::int32_t>(fragments->count);
  layout.fragment_bytes = static_cast<std::int32_t>(*size);
  const bool bio_vec = types.offset_of(element, "bv_page").has_value();
  const std::array<Wanted, 3> members = {
      {{layout.page, element, bio_vec ? "bv_page" : "netmem"},
       {layout.length, element, bio_vec ? "bv_len" : "len"},
       {layout.offset, element, bio_vec ? "bv_offset" : "offset"}}};
  return std::ranges::all_of(members, [&](const Wanted& member) { return find(types, member); });
}

}  // namespace

std::optional<FragmentLayout> read_fragment_layout(const KernelTypes& types) {
  // SKB_DATA_ALIGN() aligns to SMP_CACHE_BYTES, which BTF does not have. x86-64 kernels that are
  // not built for a certain old processor have 64; with more, recorders would look inside the
  // struct instead of at its start, find that the size there is not that of the packet's fragments,
  // and not read them (fragment_emitter.cpp).
  constexpr std::uint32_t kCacheLine = 64;
  FragmentLayout layout;
  const auto bit = types.enumerator("xdp_buff_flags", "XDP_FLAGS_HAS_FRAGS");
  const auto size = types.size_of(kShared);
  if (!bit || !size) return std::nullopt;
  layout.has_fragments = *bit;
  layout.shared_bytes =
      static_cast<std::int32_t>((*size + kCacheLine - 1) / kCacheLine * kCacheLine);
  const std::array<Wanted, 6> members = {{{layout.flags, "xdp_buff", "flags"},
                                          {layout.data_hard_start, "xdp_buff", "data_hard_start"},
                                          {layout.frame_size, "xdp_buff", "frame_sz"},
                                          {layout.count, kShared, "nr_frags"},
                                          {layout.size, kShared, "xdp_frags_size"},
                                          {layout.fragments, kShared, "frags"}}};
  const auto found = [&](const Wanted& member) { return find(types, member); };
  if (!std::ranges::all_of(members, found) || !find_fragments(types, layout)) return std::nullopt;
  const auto addresses = find_page_addresses(types);
  if (!addresses) return std::nullopt;
  layout.addresses = *addresses;
  return layout;
}

}  // namespace xdpcap
