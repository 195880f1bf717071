// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The packets that are followed through the stack, and what is reported of them.
//
// From sk_buff to outcome. An sk_buff is recognized by its own address and that of its memory
// (skb->head), both of which must be those of the packet, and no packet may have been received in
// either of them since. The kernel frees some without a report, and uses their memory again; a packet
// that is received in it, followed or not, ends the former. What is sent by this machine has no
// skb_iif.
#ifndef XDPCAP_STACK_PACKETS_BPF_H
#define XDPCAP_STACK_PACKETS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "fate/last_packet.bpf.h"
#include "fate/stack.h"
#include "fate/stack_types.h"
#include "recorder/record.h"

// The only variable in .rodata; set before loading.
const volatile struct xdpcap_stack_limits limits = {};

// The only variable in .bss.
__u64 late;  // reports of packets whose fate the reader had taken already

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} slots SEC(".maps");

// By the address of the sk_buff. An entry that has to make room leaves its packet passed.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct xdpcap_followed);
} followed SEC(".maps");

// The sk_buff of each followed packet, by the address of its memory.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} owners SEC(".maps");

// The network namespace of each interface with a followed packet, by its index; 0: it has several.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} networks SEC(".maps");

// What identifies a packet in the stack.
struct packet {
	__u64 skb;
	__u64 head;
};

static __always_inline struct packet packet_in(struct sk_buff *skb)
{
	return (struct packet){.skb = (__u64)skb, .head = (__u64)skb->head};
}

static __always_inline void forget(const struct packet *it)
{
	bpf_map_delete_elem(&followed, &it->skb);
	bpf_map_delete_elem(&owners, &it->head);
}

static __always_inline __u32 network_of(struct net_device *dev)
{
	return BPF_CORE_READ(dev, nd_net.net, ns.inum);
}

static __always_inline void note_network(__u32 ingress, __u32 network)
{
	__u32 *known = bpf_map_lookup_elem(&networks, &ingress);

	if (!known)
		bpf_map_update_elem(&networks, &ingress, &network, BPF_ANY);
	else if (*known != network)
		*known = 0;
}

// The last packet of this CPU is in this sk_buff, of an interface in this network namespace.
// `received`: and the stack has begun with it.
static __always_inline void follow(struct xdpcap_last *last, const struct packet *it,
				   __u32 ingress, __u32 network, int received)
{
	__u64 block = last->position >> XDPCAP_STACK_GRANULE_BITS;
	struct xdpcap_followed entry = {
		.head = it->head,
		.packet = (block + 1) & (~0ULL >> XDPCAP_STACK_PACKET_BITS),
		.received = received,
	};
	__u64 *slot;

	last->data = 0;
	forget(it);
	if (!last->fate)  // not recorded
		return;
	entry.slot = bpf_get_smp_processor_id() * limits.slots_per_cpu +
		     (block & (limits.slots_per_cpu - 1));
	slot = bpf_map_lookup_elem(&slots, &entry.slot);
	if (!slot)
		return;
	*(volatile __u64 *)slot = entry.packet << XDPCAP_STACK_PACKET_BITS;
	note_network(ingress, network);
	bpf_map_update_elem(&owners, &it->head, &it->skb, BPF_ANY);
	bpf_map_update_elem(&followed, &it->skb, &entry, BPF_ANY);
}

// Returns 0 if it is not followed, or no longer is what it was.
static __always_inline struct xdpcap_followed *find(const struct packet *it)
{
	struct xdpcap_followed *entry = bpf_map_lookup_elem(&followed, &it->skb);
	__u64 *owner;

	if (!entry || entry->head != it->head)
		return 0;
	owner = bpf_map_lookup_elem(&owners, &it->head);
	return owner && *owner == it->skb ? entry : 0;
}

static __always_inline void report(const struct packet *it, const struct xdpcap_followed *entry,
				   __u64 outcome, __u64 value)
{
	__u64 *slot = bpf_map_lookup_elem(&slots, &entry->slot);
	__u64 was, was_outcome, is;

	if (!slot)
		return;
	was = *(volatile __u64 *)slot;
	was_outcome = was >> XDPCAP_STACK_OUTCOME_BITS & XDPCAP_STACK_OUTCOME_MASK;
	if (was >> XDPCAP_STACK_PACKET_BITS != entry->packet) {
		forget(it);
		return;
	}
	// Whoever reads from a socket's queue consumes the sk_buff: nothing new.
	if (outcome == was_outcome ||
	    (outcome == XDPCAP_STACK_CONSUMED && was_outcome == XDPCAP_STACK_DELIVERED))
		return;
	is = (entry->packet << XDPCAP_STACK_PACKET_BITS) | outcome << XDPCAP_STACK_OUTCOME_BITS |
	     (value & XDPCAP_STACK_VALUE_MASK);
	if (!(was & XDPCAP_STACK_TAKEN) && __sync_val_compare_and_swap(slot, was, is) == was)
		return;
	__sync_fetch_and_add(&late, 1);
	forget(it);
}

#endif
