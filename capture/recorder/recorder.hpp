// SPDX-License-Identifier: BSD-3-Clause
// The program that sits in a slot of the hook: counts, filters, records, and returns the action the
// slot stands for. Pure: what comes out depends on the arguments alone.
#pragma once

#include <cstdint>
#include <span>

#include "base/xdp_action.hpp"
#include "filter/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap {

#if defined(__x86_64__) || defined(__i386__)
inline constexpr bool kOrderedStores = true;
#else
inline constexpr bool kOrderedStores = false;
#endif

// The verifier follows no offset into a map value above 2^29 (BPF_MAX_VAR_OFF).
inline constexpr std::uint32_t kMaxRingBytes = 1U << 28U;

struct RecorderSpec {
  XdpAction action;            // returned for every packet, whatever happens
  std::uint32_t interface_id;  // the pcapng interface of its packets
  std::uint32_t snaplen;       // bytes of a packet that are kept, 1 to kMaxSnaplen
  std::uint32_t cpus;          // possible CPUs: rows of counters
  std::uint32_t counters_row;  // which of the rows of `cpus` counters is this recorder's
  int control_fd;              // map of struct xdpcap_control and the counters
  int rings_fd;                // ARRAY_OF_MAPS of ARRAYs that hold a ring (record.h) each, by CPU
  std::uint32_t ring_bytes;    // a power of two, at most kMaxRingBytes
  int wakeup_fd;               // RINGBUF that wakes the reader
  bool frags;                  // is loaded with BPF_F_XDP_HAS_FRAGS
  // The kernel has bpf_xdp_load_bytes and bpf_xdp_get_buff_len (Linux 5.18), which see fragments.
  // Without them, bpf_probe_read_kernel copies packets, and frags has to be false.
  bool has_xdp_load_bytes;
  // Where in the packet the filter looks for its beginning; none: at the packet's own.
  std::span<const std::uint32_t> filter_offsets = {};
  // Each packet says in a comment which interface it came in by (struct xdpcap_ingress).
  bool note_ingress = false;
  // PROG_ARRAY of one entry that holds the program to go on with, which shares the slot with this
  // one (source/chain.hpp); -1: nothing comes after this recorder.
  int next_fd = -1;
  // Each packet has room for its fate (struct xdpcap_fate), and tracing programs find the last one
  // here: an ARRAY of one value, a struct xdpcap_last for each CPU. Negative: no fates.
  int last_fd = -1;
  // Whether the CPU makes stores visible in their order. Where it does not, the kernel's BPF needs
  // atomic exchanges (bpf/features.hpp).
  bool ordered_stores = kOrderedStores;
};

// Whether packets may have fragments: not only where the program says that it takes them. libxdp
// clears that flag in what it puts under its dispatcher, and gives the dispatcher those packets
// all the same; nothing but the helpers sees that there is more than the linear part.
inline bool sees_fragments(const RecorderSpec& spec) {
  return spec.frags || spec.has_xdp_load_bytes;
}

inline bool notes_fate(const RecorderSpec& spec) {
  return spec.last_fd >= 0;
}

// Larger than any packet XDP can see, and what tcpdump calls everything.
inline constexpr std::uint32_t kMaxSnaplen = 262144;

// Emits the recorder for a valid `filter`. Throws Error when the filter is too long for a program.
ebpf::Program make_recorder(const RecorderSpec& spec, const CbpfProgram& filter);

}  // namespace xdpcap
