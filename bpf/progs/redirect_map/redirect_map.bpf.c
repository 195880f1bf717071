// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// redirect_map is a router for ICMP over IPv4: it answers echo requests to its own addresses (TX)
// and forwards other ICMP by the kernel's routes (REDIRECT through a DEVMAP). Everything else, and
// every special case, it leaves to the kernel (PASS).
#define XDPCAP_REASONS
#include "packet.h"
#include "receive.h"
#include "rewrite.h"
#include "xdpcap.h"

#define FAMILY_IPV4 2 /* AF_INET, which only libc's headers define */

// The interfaces that packets may leave by, by ifindex.
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32);
	__type(value, __u8);
} own_addresses SEC(".maps");

XDPCAP_DEFINE_HOOK(xdpcap_hook);

INLINE int answer(struct ethhdr *ethernet, struct iphdr *ip, struct icmp_echo *echo)
{
	__be32 destination = ip->daddr;

	if (echo->type != ICMP_ECHO_REQUEST || echo->code != 0)
		return xdpcap_because(XDP_PASS, "to the router, and no echo request");
	swap_macs(ethernet);
	ip->daddr = ip->saddr; /* swapping words leaves the checksum unchanged */
	ip->saddr = destination;
	echo->type = ICMP_ECHO_REPLY;
	echo->checksum = checksum_after_decrease(echo->checksum, bpf_htons(ICMP_ECHO_REQUEST << 8));
	return XDP_TX;
}

INLINE int forward(struct xdp_md *ctx, struct ethhdr *ethernet, struct iphdr *ip)
{
	struct bpf_fib_lookup hop = {
		.family = FAMILY_IPV4,
		.tos = ip->tos,
		.l4_protocol = ip->protocol,
		.tot_len = bpf_ntohs(ip->tot_len), /* makes the lookup check the MTU */
		.ipv4_src = ip->saddr,
		.ipv4_dst = ip->daddr,
		.ifindex = ctx->ingress_ifindex,
	};
	__u32 out;
	int result;

	if (ip->ttl <= 1)
		return xdpcap_because(XDP_PASS, "TTL expired"); /* the kernel tells the sender */
	/* Not forwarded, neighbour unresolved, packet too long: the kernel handles these. */
	result = bpf_fib_lookup(ctx, &hop, sizeof(hop), 0);
	if (result != BPF_FIB_LKUP_RET_SUCCESS) {
		xdpcap_set_rule("no next hop: BPF_FIB_LKUP_RET_*", result);
		return XDP_PASS;
	}
	/* Before the packet is changed, so that PASS passes it unchanged. */
	out = hop.ifindex;
	if (!bpf_map_lookup_elem(&devices, &out))
		return xdpcap_because(XDP_PASS, "the next hop's interface is not among ours");
	decrease_ttl(ip);
	set_macs(ethernet, &hop);
	return bpf_redirect_map(&devices, out, 0);
}

INLINE int route(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct ethhdr *ethernet = TAKE(&cursor, struct ethhdr);
	struct iphdr *ip;
	struct icmp_echo *echo;

	/* A VLAN has an interface, and so routes, of its own: the kernel handles tagged packets. */
	if (!ethernet || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return xdpcap_because(XDP_PASS, "not IPv4");
	/* Options and fragments are left to the kernel. */
	ip = take_ipv4(&cursor);
	if (!ip || ip->ihl != 5 || ip->protocol != IPPROTO_ICMP ||
	    (ip->frag_off & bpf_htons(0x3fff)))
		return xdpcap_because(XDP_PASS, "not ICMP, or a fragment, or with IP options");
	echo = TAKE(&cursor, struct icmp_echo);
	if (!echo)
		return xdpcap_because(XDP_PASS, "ICMP is cut short");
	if (bpf_map_lookup_elem(&own_addresses, &ip->daddr))
		return answer(ethernet, ip, echo);
	return forward(ctx, ethernet, ip);
}

SEC("xdp")
int XDPCAP_PROGRAM(redirect_map, xdpcap_hook)(struct xdp_md *ctx)
{
	return route(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
