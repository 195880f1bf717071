// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// What the stack's tracing programs (in the kernel) and their reader share. Plain C, so that BPF C
// can include it too.
//
// A slot for each block that a ring can hold, of each CPU: what became of the packet of that block
// in the network stack. Blocks begin at least XDPCAP_STACK_GRANULE bytes apart, so no two in a ring
// have the same slot. A slot is a word that only atomic instructions change once it is in use:
//
//   bits 24 to 63  the packet: 1 + position of its block / XDPCAP_STACK_GRANULE
//   bit 23         the reader has taken the outcome: what is reported from now on is late
//   bits 20 to 22  enum xdpcap_stack_outcome
//   bits 0 to 19   the reason of a drop, or the interface that the packet left by (0: not known)
//
// A tracing program exchanges the word only if it is still that of its packet and not taken. So a
// report can reach neither a later packet nor memory that the ring has given to another block, and
// none is lost between the reader's look and a report: it is in the word, or counted as late.
#ifndef XDPCAP_STACK_H
#define XDPCAP_STACK_H

#include <linux/types.h>

#define XDPCAP_STACK_GRANULE_BITS 6
#define XDPCAP_STACK_GRANULE (1U << XDPCAP_STACK_GRANULE_BITS)
#define XDPCAP_STACK_PACKET_BITS 24
#define XDPCAP_STACK_TAKEN (1ULL << 23)
#define XDPCAP_STACK_OUTCOME_BITS 20
#define XDPCAP_STACK_OUTCOME_MASK 7ULL
#define XDPCAP_STACK_VALUE_MASK ((1ULL << XDPCAP_STACK_OUTCOME_BITS) - 1)

enum xdpcap_stack_outcome {
  XDPCAP_STACK_OPEN,  // in the network stack
  XDPCAP_STACK_DELIVERED,
  XDPCAP_STACK_CONSUMED,
  XDPCAP_STACK_FORWARDED,
  XDPCAP_STACK_DROPPED,
};

// Constants that are set before the programs are loaded.
struct xdpcap_stack_limits {
  __u32 cpus;           // entries in the map of struct xdpcap_last
  __u32 slots_per_cpu;  // a power of two
};

// A packet that is followed, by the address of its sk_buff.
struct xdpcap_followed {
  __u64 head;      // skb->head, the packet's memory
  __u64 packet;    // as in its slot
  __u32 slot;
  __u32 received;  // the stack has begun with it: it is past GRO
};

#endif
