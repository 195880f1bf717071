// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// xdp_dump sends each TCP SYN to user space, addresses, ports and bytes, and passes every packet.
#include <linux/tcp.h>

#include "packet.h"
#include "xdp_dump.h"
#include "xdpcap.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

// SYNs for which the ring had no room.
__u64 lost = 0;

XDPCAP_DEFINE_HOOK(xdpcap_hook);

// Where the fields of a SYN event are in the packet.
struct flow {
	const void *source;
	const void *destination;
	__u32 address_size;
	struct tcphdr *tcp;
};

INLINE int find_tcp(struct xdp_md *ctx, struct flow *flow)
{
	struct cursor cursor = packet_begin(ctx);
	int type = take_ethernet(&cursor);

	if (type == ETH_P_IP) {
		struct iphdr *ip = take_ipv4(&cursor);

		if (!ip || ip->protocol != IPPROTO_TCP || is_later_fragment(ip))
			return 0;
		flow->source = &ip->saddr;
		flow->destination = &ip->daddr;
		flow->address_size = sizeof(ip->saddr);
	} else if (type == ETH_P_IPV6) {
		struct ipv6hdr *ip = TAKE(&cursor, struct ipv6hdr);

		if (!ip || take_ipv6_extensions(&cursor, ip->nexthdr) != IPPROTO_TCP)
			return 0;
		flow->source = &ip->saddr;
		flow->destination = &ip->daddr;
		flow->address_size = sizeof(ip->saddr);
	} else {
		return 0;
	}
	flow->tcp = TAKE(&cursor, struct tcphdr);
	return flow->tcp != NULL;
}

INLINE void send_event(struct xdp_md *ctx, const struct flow *flow)
{
	__u64 length = (long)ctx->data_end - (long)ctx->data;
	__u64 captured = length;
	struct syn_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		// Relaxed: for a stricter order, clang 20 and newer emit an instruction that needs
		// Linux 5.12 (commit 5ca419f2864a).
		__atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
		return;
	}
	// Ring memory is reused: fields left uninitialised would leak older data.
	__builtin_memset(event, 0, __builtin_offsetof(struct syn_event, bytes));
	if (flow->address_size == 4) {
		event->ip_version = 4;
		__builtin_memcpy(event->source, flow->source, 4);
		__builtin_memcpy(event->destination, flow->destination, 4);
	} else {
		event->ip_version = 6;
		__builtin_memcpy(event->source, flow->source, 16);
		__builtin_memcpy(event->destination, flow->destination, 16);
	}
	event->source_port = bpf_ntohs(flow->tcp->source);
	event->destination_port = bpf_ntohs(flow->tcp->dest);
	event->length = length;
	// Without the barrier the compiler may compare `length` and pass `captured`; the verifier must
	// see a comparison of the value that is passed.
	barrier_var(captured);
	if (captured > SYN_BYTES_MAX)
		captured = SYN_BYTES_MAX;
	// Direct packet access cannot copy a size known only at run time.
	if (bpf_probe_read_kernel(event->bytes, captured, (void *)(long)ctx->data) != 0)
		captured = 0;
	event->captured = captured;
	bpf_ringbuf_submit(event, 0);
}

SEC("xdp")
int xdp_dump(struct xdp_md *ctx)
{
	struct flow flow;

	if (find_tcp(ctx, &flow) && flow.tcp->syn && !flow.tcp->ack)
		send_event(ctx, &flow);
	return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
