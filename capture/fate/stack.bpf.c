// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Follows packets of XDP_PASS through the network stack.
//
// From packet to sk_buff. The recorder leaves the address of the packet's first byte in struct
// xdpcap_last. With native XDP, the next sk_buff that this CPU hands to the stack is this packet's,
// if it comes from the same interface and its data begin at that address. In generic mode the sk_buff
// exists already: it is the one that the CPU has begun to receive before the program ran. If the
// driver has copied the packet, or hands over its packets later, the addresses differ, and the
// packet is not followed.
//
// From sk_buff to outcome. An sk_buff is recognized by its own address and that of its memory
// (skb->head), both of which must be those of the packet, and no packet may have been received in
// either of them since. The kernel frees some without a report, and uses their memory again; a packet
// that is received in it, followed or not, ends the former. What is sent by this machine has no
// skb_iif.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "fate/kernel_types.h"
#include "fate/stack.h"
#include "recorder/record.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_xdp_entity {
	struct bpf_prog *prog;
};

struct net_device___xdp {
	struct bpf_xdp_entity xdp_state[1];
};

struct sk_buff {
	struct sk_buff *prev;
	struct net_device *dev;
	int skb_iif;
	__u16 mac_header;
	unsigned char *head;
};

struct sk_buff_head {
	struct sk_buff *prev;
};

struct sock_common {
	unsigned short skc_family;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
};

#pragma clang attribute pop

#define PACKET_SOCKETS 17  // AF_PACKET

#pragma clang diagnostic ignored "-Wunused-parameter"

// The only variable in .rodata; set before loading.
const volatile struct xdpcap_stack_limits limits = {};

// The only variable in .bss.
__u64 late;  // reports of packets whose fate the reader had taken already

// The same map as that of the recorders (record.h).
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct xdpcap_last));
} last_packets SEC(".maps");

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

static __always_inline struct xdpcap_last *last_packet(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 zero = 0;
	struct xdpcap_last *lines = bpf_map_lookup_elem(&last_packets, &zero);

	if (!lines || cpu >= limits.cpus)
		return 0;
	return lines + cpu;
}

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

static __always_inline void note_network(struct net_device *dev)
{
	__u32 index = BPF_CORE_READ(dev, ifindex);
	__u32 network = BPF_CORE_READ(dev, nd_net.net, ns.inum);
	__u32 *known = bpf_map_lookup_elem(&networks, &index);

	if (!known)
		bpf_map_update_elem(&networks, &index, &network, BPF_ANY);
	else if (*known != network)
		*known = 0;
}

// The last packet of this CPU is in this sk_buff. `received`: and the stack has begun with it.
static __always_inline void follow(struct xdpcap_last *last, const struct packet *it, int received)
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
	bpf_map_update_elem(&owners, &it->head, &it->skb, BPF_ANY);
	bpf_map_update_elem(&followed, &it->skb, &entry, BPF_ANY);
}

static __always_inline int is_pending(const struct xdpcap_last *last)
{
	return last->data && last->action == XDP_PASS;
}

// In generic mode: the program has passed the packet that this CPU is receiving. At the end of a batch,
// last->ingress may be 0 already (close_batch()).
static __always_inline void follow_current(struct xdpcap_last *last)
{
	struct sk_buff *skb = (struct sk_buff *)last->current;
	struct packet it = {.skb = last->current};

	if (!skb || !is_pending(last) ||
	    (last->ingress && last->current_ingress != last->ingress))
		return;
	it.head = (__u64)BPF_CORE_READ(skb, head);
	if (it.head + BPF_CORE_READ(skb, mac_header) == last->data)
		follow(last, &it, 1);
}

static __always_inline int in_generic_mode(struct net_device *dev)
{
	struct net_device___xdp *with_xdp = (void *)dev;

	return BPF_CORE_READ(with_xdp, xdp_state[0].prog) != 0;
}

static __always_inline int is_of(const struct xdpcap_last *last, struct sk_buff *skb)
{
	return is_pending(last) && (__u64)skb->head + skb->mac_header == last->data &&
	       (__u32)skb->dev->ifindex == last->ingress;
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

// An sk_buff begins its way. `in_core`: in the core of the stack, past GRO.
static __always_inline int receive(struct sk_buff *skb, int in_core)
{
	struct xdpcap_last *last = last_packet();
	struct packet it = packet_in(skb);
	struct xdpcap_followed *entry;
	int generic;

	if (!last)
		return 0;
	follow_current(last);
	if (in_core && skb->skb_iif)  // not for the first time: from a bridge, for example
		return 0;
	generic = in_generic_mode(skb->dev);
	last->current = 0;
	if (!generic && is_of(last, skb)) {
		note_network(skb->dev);
		follow(last, &it, in_core);
		return 0;
	}
	last->data = 0;
	entry = in_core ? find(&it) : 0;
	if (entry && !entry->received)
		entry->received = 1;
	else
		forget(&it);
	if (in_core && generic) {
		note_network(skb->dev);
		last->current = it.skb;
		last->current_ingress = skb->dev->ifindex;
	}
	return 0;
}

SEC("tp_btf/napi_gro_receive_entry")
int BPF_PROG(on_gro, struct sk_buff *skb)
{
	return receive(skb, 0);
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(on_receive, struct sk_buff *skb)
{
	return receive(skb, 1);
}

SEC("tp_btf/napi_poll")
int BPF_PROG(on_batch_end)
{
	struct xdpcap_last *last = last_packet();

	if (!last)
		return 0;
	follow_current(last);
	last->data = 0;
	last->current = 0;
	return 0;
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

// The packet that an event is about, if it is followed.
static __always_inline struct xdpcap_followed *packet_of(const struct packet *it)
{
	struct xdpcap_last *last = last_packet();

	if (last)
		follow_current(last);
	return find(it);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(on_drop, struct sk_buff *skb, void *location, __u32 reason)
{
	struct packet it = packet_in(skb);
	struct xdpcap_followed *entry = packet_of(&it);

	if (!entry)
		return 0;
	if (skb->skb_iif || !entry->received)
		report(&it, entry, XDPCAP_STACK_DROPPED, reason);
	forget(&it);
	return 0;
}

SEC("tp_btf/consume_skb")
int BPF_PROG(on_consume, struct sk_buff *skb)
{
	struct packet it = packet_in(skb);
	struct xdpcap_followed *entry = packet_of(&it);

	if (!entry)
		return 0;
	if (skb->skb_iif && entry->received)
		report(&it, entry, XDPCAP_STACK_CONSUMED, 0);
	forget(&it);
	return 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(on_forward, struct sk_buff *skb)
{
	struct packet it = packet_in(skb);
	struct xdpcap_followed *entry = packet_of(&it);
	__u32 index = skb->dev->ifindex;

	if (!entry)
		return 0;
	if (skb->skb_iif && entry->received)
		report(&it, entry, XDPCAP_STACK_FORWARDED, index > XDPCAP_STACK_VALUE_MASK ? 0 : index);
	forget(&it);
	return 0;
}

// An established TCP connection processes it. It may still drop it.
SEC("tp_btf/tcp_probe")
int BPF_PROG(on_tcp, struct sock *sk, struct sk_buff *skb)
{
	struct packet it = packet_in(skb);
	struct xdpcap_followed *entry = packet_of(&it);

	if (entry)
		report(&it, entry, XDPCAP_STACK_DELIVERED, 0);
	return 0;
}

// The last packet in the socket's queue is the one that has just come, unless others came, or were
// read, meanwhile. It is a clone if a raw socket has it; the packet then goes on, for example to its
// end without another receiver, which is not what became of it. Packet sockets only listen.
SEC("tp_btf/sk_data_ready")
int BPF_PROG(on_data_ready, struct sock *sk)
{
	struct sk_buff *skb = sk->sk_receive_queue.prev;
	struct packet it = {.skb = (__u64)skb};
	struct xdpcap_followed *entry;
	__u64 *owner;

	if (sk->__sk_common.skc_family == PACKET_SOCKETS || !skb ||
	    (void *)skb == (void *)&sk->sk_receive_queue)
		return 0;
	it.head = (__u64)BPF_CORE_READ(skb, head);
	entry = packet_of(&it);
	if (entry) {
		report(&it, entry, XDPCAP_STACK_DELIVERED, 0);
		return 0;
	}
	owner = bpf_map_lookup_elem(&owners, &it.head);
	if (!owner)
		return 0;
	it.skb = *owner;
	entry = find(&it);
	if (!entry)
		return 0;
	report(&it, entry, XDPCAP_STACK_DELIVERED, 0);
	forget(&it);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
