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

struct RecorderSpec {
  XdpAction action;            // returned for every packet, whatever happens
  std::uint32_t interface_id;  // the pcapng interface of its packets
  std::uint32_t snaplen;       // bytes of a packet that are kept, 1 to kMaxSnaplen
  std::uint32_t cpus;          // possible CPUs: rows of counters
  std::uint32_t counters_row;  // which of the rows of `cpus` counters is this recorder's
  int control_fd;              // map of struct xdpcap_control and the counters
  int rings_fd;                // ARRAY_OF_MAPS of RINGBUF, by CPU
  bool frags;                  // packets may have fragments (BPF_F_XDP_HAS_FRAGS)
  // bpf_xdp_load_bytes (Linux 5.18) copies packets, fragments included. Without it,
  // bpf_probe_read_kernel does, and frags has to be false.
  bool has_xdp_load_bytes;
  // Where in the packet the filter looks for its beginning; none: at the packet's own.
  std::span<const std::uint32_t> filter_offsets = {};
};

// Larger than any packet XDP can see, and what tcpdump calls everything.
inline constexpr std::uint32_t kMaxSnaplen = 262144;

// Emits the recorder for a valid `filter`. Throws Error when the filter is too long for a program.
ebpf::Program make_recorder(const RecorderSpec& spec, const CbpfProgram& filter);

}  // namespace xdpcap
