// SPDX-License-Identifier: BSD-3-Clause
// What tracing programs (fentry and fexit) on XDP programs get as their context.
#pragma once

#include <cstdint>
#include <optional>

namespace xdpcap {

// TracePoint is where in the traced program a tracing program runs.
enum class TracePoint : std::uint8_t { entry, exit };

// PageAddresses says where in the kernel's address space the memory of a page is, given its
// struct page: both are arrays in the order of physical memory, and
//
//   address = memory + ((page - structs) / struct_bytes << page_shift)
struct PageAddresses {
  std::uint64_t structs = 0;
  std::uint64_t memory = 0;
  std::uint32_t struct_bytes = 1;
  std::uint32_t page_shift = 0;

  [[nodiscard]] std::uint64_t address_of(std::uint64_t page) const {
    return memory + ((page - structs) / struct_bytes << page_shift);
  }
};

// FragmentLayout is where the kernel keeps the fragments of a packet (bpf/fragment_layout.hpp):
// offsets in bytes.
//
//   data_hard_start                                          data_hard_start + frame_size
//   │ headroom │ linear part │ tailroom │ struct skb_shared_info │
//                                          nr_frags, frags[]: page, length, offset
struct FragmentLayout {
  std::int16_t flags = 0;  // of struct xdp_buff
  std::int16_t data_hard_start = 0;
  std::int16_t frame_size = 0;
  std::int32_t has_fragments = 0;  // the bit in the flags
  // From the start of struct skb_shared_info to the end of the buffer.
  std::int32_t shared_bytes = 0;
  std::int16_t count = 0;  // of struct skb_shared_info: how many fragments, 8 bits
  std::int16_t size = 0;   // bytes in all of them, 32 bits
  std::int16_t fragments = 0;
  std::int32_t most_fragments = 0;
  std::int32_t fragment_bytes = 0;  // the size of an skb_frag_t
  std::int16_t page = 0;            // of skb_frag_t: a struct page *, or not one if bit 0 is set
  std::int16_t length = 0;
  std::int16_t offset = 0;
  PageAddresses addresses = {};
};

// XdpBuffLayout is where the kernel keeps what recorders need, from its BTF
// (bpf/xdp_buff_layout.hpp): offsets in bytes.
struct XdpBuffLayout {
  std::int16_t data = 0;  // of struct xdp_buff
  std::int16_t data_end = 0;
  std::int16_t rxq = 0;
  std::int16_t dev = 0;  // of struct xdp_rxq_info
  std::int16_t queue_index = 0;
  std::int16_t ifindex = 0;  // of struct net_device
  // Nothing if packets have no fragments, or if recorders cannot read them.
  std::optional<FragmentLayout> fragments = {};
};

}  // namespace xdpcap
