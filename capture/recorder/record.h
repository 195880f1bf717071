// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// What recorders (in the kernel) and the reader (in user space) share: the rings that carry
// packets, and the map of counters and wake-ups. Plain C, so that BPF C can include it too.
#ifndef XDPCAP_RECORD_H
#define XDPCAP_RECORD_H

#include <linux/types.h>

// A ring: the only value of an mmapped ARRAY. One CPU writes it, the reader reads it.
//
//   0      struct xdpcap_ring
//   256    consecutive blocks, in as many bytes as the ring's size (a power of two)
//   + size room for the end of a block that begins before it
//
// Positions count bytes from the start of the capture; a block begins at its position modulo the
// size. A block that reaches or passes the size is the last of its lap: the next one begins at the
// next multiple of the size. So no block is ever split, and the blocks of a lap are a piece of a
// pcapng file that can be written as it is.
//
// Concurrency. Recorders of one CPU share its ring, and may interrupt each other at any
// instruction, nested or alternating: before Linux 6.4 packets interrupt a test run, and a
// PREEMPT_RT kernel may preempt one XDP program by another. So a recorder atomically adds its mark
// to `busy`, and owns the ring only if there is no other mark; otherwise it removes its mark and
// counts its packet as lost. Only the owner writes head, blocks and `last`, and of its counters
// `reported` and the ingress comment; the other counters are incremented atomically. A program
// never migrates to another CPU while it runs.
//
// Memory order: what recorder and reader rely on, and what guarantees it. The recorder's stores are
// plain, with two exceptions: the mark is added (BPF_ADD: a full barrier on x86, none on arm64),
// and on CPUs that reorder stores the head is exchanged (BPF_XCHG, a full barrier: on arm64 the JIT
// emits SWPAL, or LDXR, STLXR and DMB ISH on ARMv8.0). The reader loads with acquire and stores
// with release.
//
// - Block and `last`, then head: the exchange; on x86, the order of stores.
// - Head, then the removal of the mark: the same. The reader loads busy before the head.
// - The reader's last access to a block, then its reuse: the tail is stored with release, and the
//   recorder branches on it. No CPU makes stores visible before the branch they depend on is
//   decided.
// - The mark, then the clock: the merge assumes that a block which was still invisible when the
//   reader found no mark is no older than that moment. On x86, the addition guarantees that.
//   Elsewhere the mark may become visible some 100 ns late, so on all CPUs the reader takes only
//   packets that are older than XDPCAP_MARK_DELAY.
// - Head, then the load of wake_at: the exchange; on x86, nothing. If a wake-up is lost that way,
//   the reader looks again within 20 ms.
// - A fate, then its state, then `last` of the next block: on x86, the order of stores; elsewhere,
//   nothing. There the reader does not rely on the state: it waits for a later block, or 20 ms.
// - Counters: nothing while packets arrive; at the end, the grace period after the hook was
//   emptied.
struct xdpcap_ring {
  __u64 head;  // where the recorder writes next; stored when the block before it is complete
  __u64 busy;  // the number of recorders running on this CPU; the one that owns the ring has read
               // the clock, or is about to
  __u64 last;  // with fates: the position of the last block, stored before the head
  __u64 head_padding[13];
  __u64 tail;  // everything before it has been released by the reader
  __u64 tail_padding[15];
};
// In ns. Ample: a store becomes visible within a few hundred.
#define XDPCAP_MARK_DELAY 20000ULL

// A block in a ring: a pcapng Enhanced Packet Block (draft-ietf-opsawg-pcapng, section 4.3) in host
// byte order, complete except that its time is the kernel's.
//
//    0  block_type         6
//    4  block_length       from block_type to the last byte of the tail
//    8  interface_id
//   12  time_high          upper half of CLOCK_MONOTONIC in ns, read while the recorder was busy
//   16  time_low
//   20  captured_length
//   24  original_length
//   28  the packet's bytes, padded with zeros to a multiple of 4
//    +  struct xdpcap_drop_count, if packets were lost before this one
//    +  struct xdpcap_packet_id, if captured at both ends of a program
//    +  struct xdpcap_ingress, if requested
//    +  struct xdpcap_reason, if the programs tell reasons: only while the block is in its ring
//    +  struct xdpcap_fate, if requested: only while the block is in its ring
//    +  struct xdpcap_block_tail, or xdpcap_entry_tail from a recorder at a program's entry
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
  __u32 count[2];  // a 64-bit integer, aligned to 4 only
};

// Both records of a packet have the same (section 4.3).
struct xdpcap_packet_id {
  __u16 code;  // epb_packetid: 5
  __u16 length;
  __u32 id[2];  // a 64-bit integer, aligned to 4 only
};

// A comment (section 3.5): "ingress=" and the index of the ingress interface in decimal digits,
// padded with zeros to a multiple of 4. The next option follows right after the padding, which is
// before the end of this struct if there are fewer than nine digits.
struct xdpcap_ingress {
  __u16 code;  // opt_comment: 1
  __u16 length;
  __u8 text[8];
  __u32 number[3];
};

// Why the program decided as it did (capture/reason). In the file it is replaced by a comment. A row
// is less than 2^16, so it cannot be mistaken for the head of an option, which has a length.
struct xdpcap_reason {
  __u32 row;     // of the reason among those of the capture; 0: none
  __u32 number;  // that the program gave with it
};
#define XDPCAP_MOST_REASONS 4096U

// The part of a program that has reasons (bpf/hook/xdpcap.h): a map with this, then a word for each
// of the first XDPCAP_REASON_CPUS CPUs, each at the start of a cache line.
struct xdpcap_reasons_head {
  __u64 magic;
  __u64 padding[7];
};
#define XDPCAP_REASON_CPUS 256U
#define XDPCAP_REASON_WORDS_MAGIC 0x3173647770616378ULL
#define XDPCAP_REASON_MAGIC 0x31727063U
#define XDPCAP_REASON_ANY_ACTION 0xffU

// What became of a packet after its program returned (capture/fate). The recorder fills in the
// first fields; right after, on the same CPU, a tracing program fills in the rest. In the file it
// is replaced by a comment. What the network stack does with a packet comes later, possibly on another
// CPU, so it is not written here but in a table of its own (fate/stack.h).
struct xdpcap_fate {
  __u32 state;    // enum xdpcap_fate_state; stored last
  __u32 action;   // filled in by the recorder, as are the next two
  __u32 ingress;  // ingress interface
  __u32 queue;    // receive queue
  __u32 ingress_namespace;  // inode of the network namespace; 0: not known
  __u32 program;            // id of the program that is attached to the interface; 0: not known
  __s32 error;              // 0 or a negative errno; the reason of XDPCAP_FATE_STACK_DROPPED
  __u32 target;             // interface it was redirected to; 0: none, or not one
  __u32 target_namespace;
  __u32 map_type;  // enum bpf_map_type it was redirected through; 0: none
  __u32 map_id;
  __u32 map_index;
};

enum xdpcap_fate_state {
  XDPCAP_FATE_NONE,       // nothing to add to the action: XDP_PASS and XDP_DROP
  XDPCAP_FATE_OPEN,       // nothing reported yet
  XDPCAP_FATE_CLOSED,     // nothing reported, and the driver is done with its packets
  XDPCAP_FATE_REDIRECT,   // xdp:xdp_redirect, xdp:xdp_redirect_err: see error
  XDPCAP_FATE_EXCEPTION,  // xdp:xdp_exception
  XDPCAP_FATE_PASSED,     // XDP_PASS, and the packet is followed; what comes next is the reader's
  XDPCAP_FATE_STACK_DELIVERED,
  XDPCAP_FATE_STACK_CONSUMED,
  XDPCAP_FATE_STACK_FORWARDED,  // to `target`
  XDPCAP_FATE_STACK_DROPPED,    // for the reason in `error`
};

// The last packet that reached a recorder on this CPU (with fates only). The kernel's next event on
// this CPU is about this packet, if action and interface are the same. One cache line.
struct xdpcap_last {
  __u32 open;     // nothing has been reported yet
  __u32 action;
  __u32 ingress;
  __u32 source;   // whose recorder it was, in the capture's list
  __u64 fate;     // where its struct xdpcap_fate is in the memory of the ring; 0: not recorded
  // Only if packets of XDP_PASS are followed:
  __u64 data;      // address of the packet's first byte; 0: its sk_buff is known, or never will be
  __u64 position;  // of its block
  // Of the tracing programs: the sk_buff that this CPU is receiving from an interface with XDP in
  // generic mode; 0: none
  __u64 current;
  __u32 current_ingress;
  __u32 current_network;  // inode of its network namespace
  __u32 line_padding[2];
};

// The last options of a block (sections 3.5 and 4.3) and its end.
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

// The same without a verdict: where the program has not run yet. A reader tells the two apart by the
// option code that is sizeof(struct xdpcap_entry_tail) bytes before the end.
struct xdpcap_entry_tail {
  __u16 flags_code;
  __u16 flags_length;
  __u32 flags;
  __u16 queue_code;
  __u16 queue_length;
  __u32 queue;
  __u16 end_code;
  __u16 end_length;
  __u32 block_length;
};

// The most bytes of a packet that are captured, whatever the snaplen: the limit of the kernel's
// helpers (bpf_xdp_pointer() in net/core/filter.c).
#define XDPCAP_MOST_CAPTURED 65535U
// Room after a ring for the end of any block.
#define XDPCAP_RING_OVERHANG (65536U + 3840U)
// Memory after that, which is never used. A recorder that copies fragments writes at most
// XDPCAP_MOST_CAPTURED bytes in all, but the verifier knows only that neither what precedes a
// fragment nor the fragment itself is longer.
#define XDPCAP_RING_MARGIN 65536U

// The map that recorders and reader share (an mmapped ARRAY of one value): this, then a
// struct xdpcap_counters for each (interface, CPU), all CPUs of the first slot first.
struct xdpcap_control {
  // A recorder wakes the reader when its ring holds at least this many bytes, and then stores
  // XDPCAP_AWAKE, so that there is only one wake-up for each sleep.
  __u64 wake_at;
  __u64 padding[7];
};
#define XDPCAP_AWAKE (~0ULL)

// One cache line that only one CPU writes. received = all packets that reached the recorder;
// matched = those that the filter matched, less left_out = those that the budget did not choose
// (--sample, --rate); lost = those of the matched that could not be recorded: the CPU has no ring
// yet, its ring had no room or was owned by another recorder, the packet is empty, or the kernel
// refused to copy it. Once all recorders have ended, matched = written + lost, always.
struct xdpcap_counters {
  __u64 received;
  __u64 matched;
  __u64 lost;
  __u64 reported;  // how many of the lost ones the drop counts of blocks have reported
  // The cached comment of the last ingress interface (struct xdpcap_ingress).
  __u64 ingress_key;     // its index + 1; 0: none yet
  __u64 ingress_number;  // the first eight bytes of `number`
  __u32 ingress_rest;    // ... and the others
  __u32 ingress_head;    // code and length
  __u64 left_out;
};

// What a source has used of its rate (with --rate only): an element of the only value of an ARRAY,
// for all recorders of the source. Each packet costs some time, the second divided by the rate. What
// is chosen uses time up, from a point that lies at most the cost of a burst in the past, and never
// ends in the future. So in any period, no more is chosen than the period and one burst pay for
// (and one for each recorder that is running when it begins, which may be about to give back).
//
// Reading the clock costs more than all else here. So once no time was left, it is not read again in
// the same tick of the kernel (1 to 10 ms): the time of a tick that is not used then is used in the
// next one, as a burst is at least 100 ms.
struct xdpcap_bucket {
  __u64 used_until;  // CLOCK_MONOTONIC in ns
  __u64 empty_tick;  // the last tick (jiffies) in which no time was left
  __u64 lock;        // of who moves used_until forward after a pause
  __u64 padding[5];
};

// A CPU's scratch memory for tracing recorders (an element of the only value of an ARRAY): the first
// bytes of a packet, for the filter. As with a ring, recorders may interrupt each other, and each adds
// its mark and owns the memory only if there is no other mark.
#define XDPCAP_MOST_PREFIX 256U
//
// Also the number of a packet that is captured at both ends of its program. The recorder at the entry
// numbers every packet, and leaves the id here for the one at the exit, which takes it if it is that
// of the same xdp_buff. So a packet that the entry did not see has none. Limits: if programs that are
// both captured are nested (one calls or interrupts the other), the outer one's exit has no id. A
// packet whose entry was not seen gets the id of an earlier one if that one's exit was not seen
// either, and both were in the same xdp_buff: the kernel hides a packet from a recorder only if it
// interrupts that recorder. A recorder that interrupts another one right after it has counted may get
// the same id. If two sources capture the same packet, only one of them has the same id at both ends.
struct xdpcap_scratch {
  __u64 busy;
  __u64 numbered;  // packets so far
  __u64 packet;    // id of the last one: the CPU in the upper 16 bits, then `numbered`; 0: taken
  __u64 buffer;    // its struct xdp_buff
  __u64 draw;      // with --sample: its random number, by which both ends decide
  __u64 padding[3];
  __u8 prefix[XDPCAP_MOST_PREFIX];
  __u64 end_padding[24];
};

#ifdef __cplusplus
static_assert(sizeof(struct xdpcap_scratch) == 512);
static_assert(sizeof(struct xdpcap_ring) == 256);
static_assert(sizeof(struct xdpcap_block) == 28);
static_assert(sizeof(struct xdpcap_drop_count) == 12);
static_assert(sizeof(struct xdpcap_packet_id) == 12);
static_assert(sizeof(struct xdpcap_ingress) == 24);
static_assert(sizeof(struct xdpcap_reason) == 8);
static_assert(sizeof(struct xdpcap_fate) == 48);
static_assert(sizeof(struct xdpcap_last) == 64);
static_assert(sizeof(struct xdpcap_block_tail) == 40);
static_assert(sizeof(struct xdpcap_entry_tail) == 24);
static_assert(XDPCAP_MOST_CAPTURED + 3 + sizeof(struct xdpcap_block) +
                  sizeof(struct xdpcap_drop_count) + sizeof(struct xdpcap_packet_id) +
                  sizeof(struct xdpcap_ingress) + sizeof(struct xdpcap_reason) +
                  sizeof(struct xdpcap_fate) + sizeof(struct xdpcap_block_tail) <=
              XDPCAP_RING_OVERHANG);
static_assert(sizeof(struct xdpcap_control) == 64);
static_assert(sizeof(struct xdpcap_counters) == 64);
static_assert(sizeof(struct xdpcap_bucket) == 64);
#endif

#endif
