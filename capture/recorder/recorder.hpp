// SPDX-License-Identifier: BSD-3-Clause
// Recorders: programs that count, filter and record packets, or only count them. One in a slot of a
// hook then calls the recorder of the next capture if there is one, and returns the action of the
// slot; one that traces an XDP program returns to it. make_recorder() and make_tracing_recorder()
// are pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "base/xdp_action.hpp"
#include "base/xdp_buff.hpp"
#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"
#include "recorder/record.h"

namespace xdpcap {

#if defined(__x86_64__) || defined(__i386__)
inline constexpr bool kOrderedStores = true;
#else
inline constexpr bool kOrderedStores = false;
#endif

// The verifier allows no offset into a map value above 2^29 (BPF_MAX_VAR_OFF).
inline constexpr std::uint32_t kMaxRingBytes = 1U << 28U;

// Traced is set for recorders that trace an XDP program, from its entry or its exit.
struct Traced {
  XdpBuffLayout layout;
  TracePoint point;
  int scratch_fd;  // ARRAY of one value of scratch_bytes(), which all recorders may share
  // Both ends of the program are captured: the two records of a packet get the same epb_packetid
  // (struct xdpcap_scratch).
  bool numbers_packets = false;
};

// The size of the map of struct xdpcap_scratch: one for each possible CPU, and what else the
// verifier believes a filter may read.
constexpr std::uint32_t scratch_bytes(std::uint32_t cpus) {
  return cpus * static_cast<std::uint32_t>(sizeof(xdpcap_scratch)) + (1U << 16U);
}

// Numbers from `first` to `last`.
struct Range {
  std::uint32_t first;
  std::uint32_t last;

  friend bool operator==(const Range&, const Range&) = default;
};

// Conditions that a packet has to meet before the filter is applied: its number is in one of the
// ranges. None: any number. A packet that does not meet them counts as received only. The packets
// of excluded interfaces are not the recorder's at all: they belong to another source, or to none.
struct Conditions {
  std::span<const Range> cpus = {};
  std::span<const Range> queues = {};      // receive queues
  std::span<const Range> interfaces = {};  // ingress interfaces
  // Sorted. Packets that arrived on one of these do not count as received either.
  std::span<const std::uint32_t> excluded_interfaces = {};
};

// How many of the packets that match are recorded; the others count as left out. The rate limits
// what the sample has chosen.
struct Budget {
  std::uint32_t sample = 1;  // one in so many, at random, up to kMostSample; 1: all
  std::uint32_t rate = 0;    // a second, of all recorders of a source, up to kMostRate; 0: no limit

  [[nodiscard]] bool is_limited() const { return sample > 1 || rate > 0; }
};

// Larger ones would be inexact: they are compared with random numbers of 32 bits, and with a clock
// in ns.
inline constexpr std::uint32_t kMostSample = 1'000'000;
inline constexpr std::uint32_t kMostRate = 1'000'000;

// How many packets may follow each other at once after a pause. A low rate would be of little use
// without that: packets come in groups, such as a request and its answer.
constexpr std::uint32_t burst_of(std::uint32_t rate) {
  constexpr std::uint32_t kGroup = 10;
  return std::max(rate / kGroup, std::min(rate, kGroup));
}

// Where the programs of a source tell reasons: the map of an object file with a word for each CPU.
struct ReasonWords {
  int fd;
  std::uint32_t ids;         // its reasons have the ids 1 to this
  std::uint32_t before = 0;  // the row of a reason is its id plus this
};

// How a recorder reads the program's reason for a packet, and counts it.
struct ReasonSpec {
  std::span<const ReasonWords> words = {};  // none: the programs have no reasons
  std::span<const Range> chosen = {};       // rows: a condition, as below; none: all packets
  int counts_fd = -1;           // an ARRAY with one value: counters, as reason_counts_bytes() says
  std::uint32_t rows = 0;       // of all reasons, with that for no reason
  std::uint32_t recorders = 0;  // rows of counters of the capture
};

// A counter for each reason, of each recorder, on each CPU, whose counters are consecutive.
constexpr std::uint32_t reason_counts_per_cpu(const ReasonSpec& reasons) {
  constexpr std::uint32_t kLine = 64;
  return (reasons.recorders * reasons.rows * 8 + kLine - 1) / kLine * kLine;
}
constexpr std::uint32_t reason_counts_bytes(const ReasonSpec& reasons, std::uint32_t cpus) {
  return reason_counts_per_cpu(reasons) * cpus;
}

struct RecorderSpec {
  XdpAction action;            // returned for every packet, whatever happens
  std::uint32_t interface_id;  // the pcapng interface of its packets
  std::uint32_t snaplen;       // bytes of a packet that are captured, 1 to kMaxSnaplen
  std::uint32_t cpus;          // possible CPUs: rows of counters
  std::uint32_t counters_row;  // this recorder's row of `cpus` counters
  int control_fd;              // map of struct xdpcap_control and the counters
  int rings_fd;                // ARRAY_OF_MAPS of ARRAYs with a ring (record.h) each, by CPU
  std::uint32_t ring_bytes;    // a power of two, at most kMaxRingBytes
  int wakeup_fd;               // RINGBUF that wakes the reader
  bool frags;                  // is loaded with BPF_F_XDP_HAS_FRAGS
  // The kernel has bpf_xdp_load_bytes and bpf_xdp_get_buff_len (Linux 5.18), which see fragments.
  // Without them, packets are copied by bpf_probe_read_kernel, and frags must be false.
  bool has_xdp_load_bytes;
  // Offsets at which the filter is applied (emit_filter_at()); none: at the packet's start.
  std::span<const std::uint32_t> filter_offsets = {};
  Conditions conditions = {};
  // Each packet gets a comment with its ingress interface (struct xdpcap_ingress).
  bool note_ingress = false;
  // PROG_ARRAY of one entry with the next recorder of the same slot (source/chain.hpp); -1: this is
  // the last one.
  int next_fd = -1;
  // With fates: an ARRAY with one value, a struct xdpcap_last for each CPU, in which tracing
  // programs find the last packet. Each packet has room for its fate (struct xdpcap_fate).
  // Negative: no fates.
  int last_fd = -1;
  // With fates: what the network stack does with packets of XDP_PASS is traced (fate/stack.h).
  bool follow_passed = false;
  std::uint32_t source = 0;  // for struct xdpcap_last and the rate
  // Packets are counted, and nothing is recorded.
  bool only_counts = false;
  Budget budget = {};
  std::uint64_t seed = 0;   // of the sample: another one for each capture
  ReasonSpec reasons = {};  // in a slot of a hook only
  int buckets_fd = -1;      // with a rate: an ARRAY with one value, a struct xdpcap_bucket a source
  // Whether the CPU makes stores visible in program order. If not, the kernel's BPF must have
  // atomic exchanges (bpf/features.hpp).
  bool ordered_stores = kOrderedStores;
  std::optional<Traced> traced = {};
};

// Whether packets may have fragments. The program's own flag is not reliable: libxdp clears it in
// the programs under its dispatcher, and the dispatcher passes them such packets all the same. Only
// the helpers see past the linear part.
inline bool sees_fragments(const RecorderSpec& spec) {
  return spec.frags || spec.has_xdp_load_bytes;
}

inline bool notes_reason(const RecorderSpec& spec) {
  return !spec.reasons.words.empty();
}

inline bool notes_fate(const RecorderSpec& spec) {
  return spec.last_fd >= 0;
}

// Larger than any packet XDP can see, and tcpdump's default.
inline constexpr std::uint32_t kMaxSnaplen = 262144;

// Emits the recorder for a valid `filter`. Throws Error if the filter is too long for a program.
ebpf::Program make_recorder(const RecorderSpec& spec, const CbpfProgram& filter);

// Emits a tracing recorder, an fexit or fentry program, for a valid `filter`. It records every
// packet whose action is that of one of the `specs`, as that one says; they may differ in action,
// interface_id and counters_row only, and all are `traced`. Actions that the kernel does not know,
// and treats as XDP_ABORTED, are recorded as that, with their true number in the block. At the
// entry there is no action yet: one spec, whose action is ignored and whose last_fd is negative,
// and blocks without a verdict.
//
// The filter sees the packet's linear part only, as no helper lets tracing programs read fragments.
// (`len` and the original length count all of the packet.) What is captured has the fragments too,
// read from the kernel's structs, if `traced` says where these are; a packet with a fragment that
// cannot be read is cut before it, and without `traced->layout.fragments` it ends with its linear
// part. `frags` and `next_fd` do not apply; has_xdp_load_bytes says whether the kernel has
// bpf_xdp_get_buff_len(), which tracing programs got in the same release. Since Linux 5.12 the
// kernel does not run a tracing program that it interrupts on the same CPU; such packets are not
// even counted as received.
//
// Throws Error if the filter is too long for a program.
ebpf::Program make_tracing_recorder(std::span<const RecorderSpec> specs, const CbpfProgram& filter);

}  // namespace xdpcap
