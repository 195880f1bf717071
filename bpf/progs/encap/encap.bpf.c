// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// encap is one end of an IPv4 tunnel, IPIP (RFC 2003) or GRE (RFC 2784). Packets to the inner
// network get an outer header and go to the remote end by the kernel's route; packets from the
// remote end lose it and pass to the kernel.
//
//   | Ethernet |                    | IPv4 | ...          before
//   | Ethernet | IPv4 outer | GRE 4 | IPv4 | ...          after; no GRE header for IPIP
#define XDPCAP_REASONS
#include "encap.h"
#include "packet.h"
#include "receive.h"
#include "rewrite.h"
#include "xdpcap.h"

#define FAMILY_IPV4 2 /* AF_INET, which only libc's headers define */
#define DONT_FRAGMENT 0x4000

// Set before loading, addresses in network byte order.
const volatile __be32 local_end = 0;
const volatile __be32 remote_end = 0;
const volatile __be32 inner_network = 0;
const volatile __be32 inner_mask = 0;
const volatile __u8 use_gre = 0;

// The base header: no checksum, key or sequence number.
struct gre_header {
	__be16 flags_and_version;
	__be16 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TUNNEL_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} statistics SEC(".maps");

XDPCAP_DEFINE_HOOK(xdpcap_hook);

INLINE int count(__u32 what, int action)
{
	__u64 *counter = bpf_map_lookup_elem(&statistics, &what);

	if (counter)
		(*counter)++;
	return action;
}

INLINE __u32 outer_size(void)
{
	return sizeof(struct iphdr) + (use_gre ? sizeof(struct gre_header) : 0);
}

// The outer header (RFC 2003 3.1). It is never fragmented, so its identification may be 0 (RFC 6864
// 4.1).
INLINE void write_outer(struct iphdr *outer, __u8 tos, __u16 inner_length)
{
	*outer = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tos = tos,
		.tot_len = bpf_htons(inner_length + outer_size()),
		.frag_off = bpf_htons(DONT_FRAGMENT),
		.ttl = 64,
		.protocol = use_gre ? IPPROTO_GRE : IPPROTO_IPIP,
		.saddr = local_end,
		.daddr = remote_end,
	};
	outer->check = ipv4_checksum(outer);
}

// Makes room at the front and writes Ethernet and outer header there.
INLINE int prepend(struct xdp_md *ctx, const struct bpf_fib_lookup *hop, __u8 tos, __u16 length)
{
	struct cursor cursor;
	struct ethhdr *ethernet;
	struct iphdr *outer;

	if (bpf_xdp_adjust_head(ctx, -(int)outer_size()) != 0)
		return xdpcap_because(XDP_ABORTED, "no headroom");
	cursor = packet_begin(ctx); // every pointer into the packet is invalid now
	ethernet = TAKE(&cursor, struct ethhdr);
	outer = TAKE(&cursor, struct iphdr);
	if (!ethernet || !outer)
		return XDP_ABORTED;
	set_macs(ethernet, hop);
	ethernet->h_proto = bpf_htons(ETH_P_IP);
	write_outer(outer, tos, length);
	if (use_gre) {
		struct gre_header *gre = TAKE(&cursor, struct gre_header);

		if (!gre)
			return XDP_ABORTED;
		gre->flags_and_version = 0;
		gre->protocol = bpf_htons(ETH_P_IP);
	}
	count(TUNNEL_ENCAPSULATED, 0);
	if (hop->ifindex == ctx->ingress_ifindex)
		return XDP_TX;
	return bpf_redirect(hop->ifindex, 0);
}

INLINE int encapsulate(struct xdp_md *ctx, struct iphdr *ip)
{
	__u16 length = bpf_ntohs(ip->tot_len);
	__u8 tos = ip->tos;
	struct bpf_fib_lookup hop = {
		.family = FAMILY_IPV4,
		.tos = tos,
		.l4_protocol = use_gre ? IPPROTO_GRE : IPPROTO_IPIP,
		.tot_len = length + outer_size(), // makes the lookup check the MTU
		.ipv4_src = local_end,
		.ipv4_dst = remote_end,
		.ifindex = ctx->ingress_ifindex,
	};
	int found;

	if (ip->ttl <= 1)
		return xdpcap_because(XDP_PASS, "TTL expired"); // the kernel tells the sender
	// Dropped rather than passed: without the outer header it would take another route.
	if (length + outer_size() > 0xffff)
		return xdpcap_because(count(TUNNEL_TOO_LONG, XDP_DROP), "too long for IPv4");
	found = bpf_fib_lookup(ctx, &hop, sizeof(hop), 0);
	if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return xdpcap_because(count(TUNNEL_TOO_LONG, XDP_DROP), "longer than the MTU");
	if (found != BPF_FIB_LKUP_RET_SUCCESS) {
		xdpcap_set_rule("no next hop: BPF_FIB_LKUP_RET_*", found);
		return count(TUNNEL_NO_ROUTE, XDP_DROP);
	}
	decrease_ttl(ip);
	return prepend(ctx, &hop, tos, length);
}

// From the remote end; `cursor` is after the outer header.
INLINE int decapsulate(struct xdp_md *ctx, struct cursor *cursor, struct ethhdr *ethernet)
{
	struct ethhdr kept = *ethernet;

	if (use_gre) {
		struct gre_header *gre = TAKE(cursor, struct gre_header);

		if (!gre || gre->flags_and_version != 0 || gre->protocol != bpf_htons(ETH_P_IP))
			return xdpcap_because(XDP_PASS, "GRE with options, or not of IPv4");
	}
	if (!take_ipv4(cursor))
		return xdpcap_because(XDP_PASS, "no IPv4 in the tunnel");
	if (bpf_xdp_adjust_head(ctx, outer_size()) != 0)
		return XDP_ABORTED;
	*cursor = packet_begin(ctx);
	ethernet = TAKE(cursor, struct ethhdr);
	if (!ethernet)
		return XDP_ABORTED;
	*ethernet = kept;
	return count(TUNNEL_DECAPSULATED, XDP_PASS);
}

INLINE int tunnel(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct ethhdr *ethernet = TAKE(&cursor, struct ethhdr);
	__u8 protocol = use_gre ? IPPROTO_GRE : IPPROTO_IPIP;
	struct iphdr *ip;

	if (!ethernet || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return xdpcap_because(XDP_PASS, "not IPv4");
	ip = take_ipv4(&cursor);
	if (!ip)
		return xdpcap_because(XDP_PASS, "not IPv4");
	// An outer header with options, or of a fragment, is left to the kernel.
	if (ip->daddr == local_end && ip->saddr == remote_end && ip->protocol == protocol &&
	    ip->ihl == 5 && !(ip->frag_off & bpf_htons(0x3fff)))
		return decapsulate(ctx, &cursor, ethernet);
	if ((ip->daddr & inner_mask) == inner_network)
		return encapsulate(ctx, ip);
	return xdpcap_because(XDP_PASS, "neither from the remote end nor to the inner network");
}

SEC("xdp")
int XDPCAP_PROGRAM(encap, xdpcap_hook)(struct xdp_md *ctx)
{
	return tunnel(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
