// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// srv6_end is the SRv6 endpoint behaviour "End" (RFC 8986 4.1): it sends packets to one of its
// segments on to the next segment of their routing header (RFC 8754), by the kernel's IPv6 routes.
// It passes everything else.
//
//   0        8        16       24       32
//   | next   | length | type 4 | segs   |    length: in units of 8 bytes, the first not counted
//   | last   | flags  | tag             |    last: index of the last element of the list
//   | segment list: 16 bytes each, the first to visit at the end ...
//   | TLVs ...
#define XDPCAP_REASONS
#include "packet.h"
#include "receive.h"
#include "rewrite.h"
#include "srv6_end.h"
#include "xdpcap.h"

#define FAMILY_IPV6 10 /* AF_INET6, which only libc's headers define */
#define ROUTING_TYPE_SEGMENT 4

struct segment_routing_header {
	__u8 next;
	__u8 length;
	__u8 type;
	__u8 segments_left;
	__u8 last_entry;
	__u8 flags;
	__be16 tag;
};

// The segments (addresses) that this node serves.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SEGMENTS_MAX);
	__type(key, struct in6_addr);
	__type(value, __u8);
} segments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SRV6_COUNT);
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

// Forwards by the kernel's route to the new destination. Where the lookup has no complete answer
// (neighbour unresolved, packet too long), the kernel routes the packet to the same destination.
INLINE int send_on(struct xdp_md *ctx, struct ethhdr *ethernet, struct ipv6hdr *ip)
{
	struct bpf_fib_lookup hop = {
		.family = FAMILY_IPV6,
		.l4_protocol = ip->nexthdr,
		// The lookup checks the MTU. The whole packet: the length field excludes the header.
		.tot_len = bpf_ntohs(ip->payload_len) + sizeof(*ip),
		.ifindex = ctx->ingress_ifindex,
	};
	int result;

	// Traffic class and flow label in network byte order, version bits cleared: the lookup uses
	// them for policy routing.
	hop.flowinfo = *(__be32 *)ip & bpf_htonl(0x0fffffff);
	__builtin_memcpy(hop.ipv6_src, &ip->saddr, sizeof(hop.ipv6_src));
	__builtin_memcpy(hop.ipv6_dst, &ip->daddr, sizeof(hop.ipv6_dst));
	result = bpf_fib_lookup(ctx, &hop, sizeof(hop), 0);
	if (result != BPF_FIB_LKUP_RET_SUCCESS) {
		xdpcap_set_rule("no next hop: BPF_FIB_LKUP_RET_*", result);
		return count(SRV6_TO_KERNEL, XDP_PASS);
	}
	ip->hop_limit--;
	set_macs(ethernet, &hop);
	count(SRV6_FORWARDED, 0);
	if (hop.ifindex == ctx->ingress_ifindex)
		return XDP_TX;
	return bpf_redirect(hop.ifindex, 0);
}

// RFC 8986 4.1, with the line numbers of its pseudocode.
INLINE int end_behaviour(struct xdp_md *ctx, struct cursor *cursor, struct ethhdr *ethernet,
			 struct ipv6hdr *ip)
{
	struct segment_routing_header *routing = TAKE(cursor, struct segment_routing_header);
	struct in6_addr *next;
	__u32 before;

	if (!routing)
		return xdpcap_because(count(SRV6_MALFORMED, XDP_DROP),
				      "no room for a routing header");
	// Not segment routing, or S02 at the last segment: the kernel handles what follows.
	if (routing->type != ROUTING_TYPE_SEGMENT || routing->segments_left == 0)
		return xdpcap_because(count(SRV6_TO_KERNEL, XDP_PASS),
				      "no segments left, or another routing type");
	if (ip->hop_limit <= 1) // S05
		return xdpcap_because(count(SRV6_HOP_LIMIT, XDP_PASS), "hop limit expired");
	// S09: the list must fit into the header, and segments_left into the list.
	if (routing->last_entry > routing->length / 2 - 1 ||
	    routing->segments_left > routing->last_entry + 1)
		return xdpcap_because(count(SRV6_MALFORMED, XDP_DROP),
				      "lengths of the routing header do not agree");
	// S13 and S14. The bounds checks come before the header is changed.
	before = (routing->segments_left - 1) * sizeof(*next);
	if (!take(cursor, before))
		return xdpcap_because(count(SRV6_MALFORMED, XDP_DROP),
				      "segment list is cut short");
	next = TAKE(cursor, struct in6_addr);
	if (!next)
		return xdpcap_because(count(SRV6_MALFORMED, XDP_DROP),
				      "segment list is cut short");
	ip->daddr = *next;
	routing->segments_left--;
	return send_on(ctx, ethernet, ip); // S12, S15
}

INLINE int route(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct ethhdr *ethernet = TAKE(&cursor, struct ethhdr);
	struct ipv6hdr *ip;

	if (!ethernet || ethernet->h_proto != bpf_htons(ETH_P_IPV6))
		return xdpcap_because(XDP_PASS, "not IPv6");
	ip = TAKE(&cursor, struct ipv6hdr);
	// A routing header after another extension header is left to the kernel.
	if (!ip || ip->version != 6 || ip->nexthdr != IPPROTO_ROUTING)
		return xdpcap_because(XDP_PASS, "no routing header");
	if (!bpf_map_lookup_elem(&segments, &ip->daddr))
		return xdpcap_because(XDP_PASS, "not to one of our segments");
	return end_behaviour(ctx, &cursor, ethernet, ip);
}

SEC("xdp")
int XDPCAP_PROGRAM(srv6_end, xdpcap_hook)(struct xdp_md *ctx)
{
	return route(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
