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
// What becomes of an sk_buff: stack_packets.bpf.h.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "fate/stack_packets.bpf.h"
#include "fate/stack_types.h"
#include "recorder/record.h"

#define PACKET_SOCKETS 17  // AF_PACKET

#pragma clang diagnostic ignored "-Wunused-parameter"

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
		follow(last, &it, last->current_ingress, last->current_network, 1);
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

// An sk_buff begins its way. `in_core`: in the core of the stack, past GRO.
static __always_inline int receive(struct sk_buff *skb, int in_core)
{
	struct xdpcap_last *last = last_packet(limits.cpus);
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
		follow(last, &it, last->ingress, network_of(skb->dev), in_core);
		return 0;
	}
	last->data = 0;
	entry = in_core ? find(&it) : 0;
	if (entry && !entry->received)
		entry->received = 1;
	else
		forget(&it);
	if (in_core && generic) {
		last->current = it.skb;
		last->current_ingress = skb->dev->ifindex;
		last->current_network = network_of(skb->dev);
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
	struct xdpcap_last *last = last_packet(limits.cpus);

	if (!last)
		return 0;
	follow_current(last);
	last->data = 0;
	last->current = 0;
	return 0;
}

// The packet that an event is about, if it is followed.
static __always_inline struct xdpcap_followed *packet_of(const struct packet *it)
{
	struct xdpcap_last *last = last_packet(limits.cpus);

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
