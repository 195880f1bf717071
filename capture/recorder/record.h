// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// What recorders (in the kernel) and the reader (in user space) share: the rings that packets go
// through, and the map they count and talk in. Plain C, so that BPF C can include it too.
#ifndef XDPCAP_RECORD_H
#define XDPCAP_RECORD_H

#include <linux/types.h>

// A ring: the only value of an mmapped ARRAY, which one CPU writes and the reader reads.
//
//   0      struct xdpcap_ring
//   256    blocks, one after the other, of as many bytes as the ring has (a power of two)
//   + size room for the end of a block that begins before it
//
// Positions count bytes for ever; one modulo the size is where a block begins. A block that reaches
// the size or passes it is the last of its lap: the next one begins at the next multiple of the
// size. So no block is ever in two parts, and what stands in a lap is a piece of a pcapng file that
// can be written as it is.
//
// What may run at the same time. Recorders of one CPU share its ring and may interrupt one another at
// any instruction, to the end or in turns: a test run is interrupted by packets before Linux 6.4, and
// a PREEMPT_RT kernel may preempt an XDP program by another one. So a recorder adds its mark to
// `busy` in one piece and owns the ring only if that mark is the only one; otherwise it takes the
// mark off and counts its packet as lost. Head, blocks and `last` are the owner's, as are `reported`
// and the interface's text of its counters; the other counters are added to in one piece. A program
// never moves to another CPU while it runs.
//
// Which order recorder and reader rely on, and what gives it. The recorder's stores are plain, but
// for the mark, which is added (BPF_ADD: a full barrier on x86, none on arm64), and for the head on
// CPUs that reorder stores, which is exchanged (BPF_XCHG, a full barrier: on arm64 the JIT makes
// SWPAL of it, or LDXR, STLXR and DMB ISH on ARMv8.0). The reader loads with acquire and stores with
// release.
//
// - Block and `last`, then head: the exchange; on x86, the order of stores.
// - Head, then the mark is taken off: the same. The reader loads busy before the head.
// - The reader is done with a block, then it is written over: the tail is stored with release, and
//   the recorder branches on it. No CPU shows stores before the branch they depend on is decided.
// - The mark, then the clock, so that a block the reader cannot see yet is never older than the
//   moment it looked and found no mark, by which it merges CPUs in time order: on x86, the addition;
//   elsewhere, nothing. There the mark may be seen some 100 ns late. Everywhere the reader takes only
//   packets that are older than XDPCAP_MARK_DELAY.
// - Head, then a look at wake_at: the exchange; on x86, nothing. A wake-up that is lost so is made
//   up for within 20 ms.
// - A fate, then its state, then `last` of the next block: on x86, the order of stores; elsewhere,
//   nothing. There the reader does not go by the state: it waits for a later block, or 20 ms.
// - Counters: nothing while packets come; at the end, the grace period after the hook was emptied.
struct xdpcap_ring {
  __u64 head;  // where the recorder writes next; stored when the block before it is complete
  __u64 busy;  // how many recorders are at work on this CPU; the one that owns the ring has read the
               // clock, or is about to
  __u64 last;  // with fates: where the last block begins, stored before the head
  __u64 head_padding[13];
  __u64 tail;  // what the reader has given back
  __u64 tail_padding[15];
};
// Ns. Ample: a store is seen within some hundred.
#define XDPCAP_MARK_DELAY 20000ULL

// A block in a ring: a pcapng Enhanced Packet Block (draft-ietf-opsawg-pcapng, section 4.3) in host
// byte order, complete but for its time, which is the kernel's.
//
//    0  block_type         6
//    4  block_length       from block_type to the last byte of the tail
//    8  interface_id
//   12  time_high          upper half of CLOCK_MONOTONIC in ns, taken when the recorder was busy
//   16  time_low
//   20  captured_length
//   24  original_length
//   28  the packet's bytes, padded with zeros to a multiple of 4
//    +  struct xdpcap_drop_count, if packets were lost before this one
//    +  struct xdpcap_ingress, if it was asked for
//    +  struct xdpcap_fate, if it was asked for: only while the block is in its ring
//    +  struct xdpcap_block_tail
struct xdpcap_block {
  __u32 block_type;
  __u32 block_length;
  __u32 interface_id;
  __u32 time_high;
  __u32 time_low;
  __u32 captured_length;
  __u32 original_length;
};

// Packets of this action lost on this CPU since the last that was recorded (section 4.3).
struct xdpcap_drop_count {
  __u16 code;  // epb_dropcount: 4
  __u16 length;
  __u32 count[2];  // a 64-bit integer that is aligned to 4 only
};

// A comment (section 3.5): "ingress=" and the index of the interface that the packet came in by, in
// decimal digits, padded with zeros to a multiple of 4. The next option follows there, with fewer
// than nine digits before the end of this struct.
struct xdpcap_ingress {
  __u16 code;  // opt_comment: 1
  __u16 length;
  __u8 text[8];
  __u32 number[3];
};

// What became of a packet after its program had returned (capture/fate). The recorder fills in what
// it knows, and a tracing program the rest, on the same CPU right after. In the file a comment
// stands in its place.
struct xdpcap_fate {
  __u32 state;    // enum xdpcap_fate_state; stored last
  __u32 action;   // the recorder's, as are the next two
  __u32 ingress;  // the interface it came in by
  __u32 queue;    // receive queue
  __u32 ingress_namespace;  // inode of the network namespace; 0: not known
  __u32 program;            // id of the program that is attached to the interface; 0: not known
  __s32 error;              // 0 or a negative errno
  __u32 target;             // interface it was redirected to; 0: none, or not one
  __u32 target_namespace;
  __u32 map_type;  // enum bpf_map_type it was redirected through; 0: none
  __u32 map_id;
  __u32 map_index;
};

enum xdpcap_fate_state {
  XDPCAP_FATE_NONE,       // the action says it all: XDP_PASS and XDP_DROP
  XDPCAP_FATE_OPEN,       // nothing has been heard yet
  XDPCAP_FATE_CLOSED,     // the driver is done with its packets, and nothing was heard
  XDPCAP_FATE_REDIRECT,   // xdp:xdp_redirect, xdp:xdp_redirect_err: see error
  XDPCAP_FATE_EXCEPTION,  // xdp:xdp_exception
};

// The last packet of a CPU that came to a recorder (with fates only): what the kernel reports next
// on this CPU is about this one, if it is about the same action and interface. One cache line.
struct xdpcap_last {
  __u32 open;     // nothing has been reported yet
  __u32 action;
  __u32 ingress;
  __u32 padding;
  __u64 fate;     // where its struct xdpcap_fate is in the memory of the ring; 0: not recorded
  __u64 line_padding[5];
};

// The options behind the packet (sections 3.5 and 4.3) and the end of the block.
struct xdpcap_block_tail {
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

// The most bytes of a packet that are kept, whatever the snaplen: as many as the kernel's helpers
// reach (bpf_xdp_pointer() in net/core/filter.c).
#define XDPCAP_MOST_CAPTURED 65535U
// Room behind a ring for the end of any block.
#define XDPCAP_RING_OVERHANG (65536U + 3840U)

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
// matched = those the filter took; lost = those of them that found no room in the ring, or another
// recorder at work on it. Once all recorders have ended, matched = written + lost, always.
struct xdpcap_counters {
  __u64 received;
  __u64 matched;
  __u64 lost;
  __u64 reported;  // how many of the lost ones the drop counts of blocks have reported
  // The comment of the last interface (struct xdpcap_ingress), so that it is made once.
  __u64 ingress_key;     // its index + 1; 0: there is none yet
  __u64 ingress_number;  // the first eight bytes of `number`
  __u32 ingress_rest;    // ... and the others
  __u32 ingress_head;    // code and length
  __u64 padding;
};

#ifdef __cplusplus
static_assert(sizeof(struct xdpcap_ring) == 256);
static_assert(sizeof(struct xdpcap_block) == 28);
static_assert(sizeof(struct xdpcap_drop_count) == 12);
static_assert(sizeof(struct xdpcap_ingress) == 24);
static_assert(sizeof(struct xdpcap_fate) == 48);
static_assert(sizeof(struct xdpcap_last) == 64);
static_assert(sizeof(struct xdpcap_block_tail) == 40);
static_assert(XDPCAP_MOST_CAPTURED + 3 + sizeof(struct xdpcap_block) +
                  sizeof(struct xdpcap_drop_count) + sizeof(struct xdpcap_ingress) +
                  sizeof(struct xdpcap_fate) + sizeof(struct xdpcap_block_tail) <=
              XDPCAP_RING_OVERHANG);
static_assert(sizeof(struct xdpcap_control) == 64);
static_assert(sizeof(struct xdpcap_counters) == 64);
#endif

#endif
