// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// What recorders (in the kernel) and the reader (in user space) share: the record that goes through
// a ring, and the map they count and talk in. Plain C, so that BPF C can include it too.
#ifndef XDPCAP_RECORD_H
#define XDPCAP_RECORD_H

#include <linux/types.h>

// The record of one packet. Behind a prefix for the reader stands a whole pcapng Enhanced Packet
// Block (draft-ietf-opsawg-pcapng, section 4.3) in host byte order, so that writing a packet costs
// the reader one copy and two stores: the timestamp (a raw kernel clock until then) is its only
// field that changes.
//
//    0  dropped            prefix
//    4  ingress_ifindex    prefix
//    8  action             prefix
//   12  block_type         6
//   16  block_length       from block_type to the last byte of the tail
//   20  interface_id
//   24  time_high          upper half of CLOCK_MONOTONIC, in ns, taken after the reservation
//   28  time_low
//   32  captured_length
//   36  original_length
//   40  the packet's bytes, padded with zeros to a multiple of 4
//    +  struct xdpcap_record_tail
struct xdpcap_record {
  __u32 dropped;          // packets of this action lost on this CPU since its last record
  __u32 ingress_ifindex;  // the interface the packet came in by
  __u32 action;           // what the program returned
  __u32 block_type;
  __u32 block_length;
  __u32 interface_id;
  __u32 time_high;
  __u32 time_low;
  __u32 captured_length;
  __u32 original_length;
};

// The options behind the packet (sections 3.5 and 4.3) and the end of the block.
struct xdpcap_record_tail {
  __u16 flags_code;  // epb_flags: 2
  __u16 flags_length;
  __u32 flags;       // 1: inbound
  __u16 queue_code;  // epb_queue: 6
  __u16 queue_length;
  __u32 queue;         // rx queue
  __u16 verdict_code;  // epb_verdict: 7
  __u16 verdict_length;
  __u8 verdict[12];  // 2 (Linux eBPF XDP), the action as a 64-bit integer, padding
  __u16 end_code;    // opt_endofopt: 0
  __u16 end_length;
  __u32 block_length;
};

#define XDPCAP_RECORD_PREFIX 12  // bytes in front of the block

// The map that recorders and reader share (an mmapped ARRAY of one value): this, then a
// struct xdpcap_counters for each (slot, CPU), all CPUs of the first slot first.
struct xdpcap_control {
  // A recorder wakes the reader when its ring holds at least this many bytes, and then stores
  // XDPCAP_AWAKE, so that a sleep costs the traffic one wake-up.
  __u64 wake_at;
  __u64 padding[7];
};
#define XDPCAP_AWAKE (~0ULL)

// One cache line that only one CPU writes. received = all packets that reached the recorder;
// matched = those the filter took; lost = those of them that found no room in the ring.
struct xdpcap_counters {
  __u64 received;
  __u64 matched;
  __u64 lost;
  __u64 dropped;  // lost since the last record, to be told in the next one
  __u64 padding[4];
};

#ifdef __cplusplus
static_assert(sizeof(struct xdpcap_record) == 40);
static_assert(sizeof(struct xdpcap_record_tail) == 40);
static_assert(sizeof(struct xdpcap_control) == 64);
static_assert(sizeof(struct xdpcap_counters) == 64);
#endif

#endif
