// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// redirect_map is a router for ICMP over IPv4: it answers echo requests to its own addresses (TX)
// and forwards other ICMP by the kernel's routes (REDIRECT through a DEVMAP). Everything else, and
// every special case, it leaves to the kernel (PASS).
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
		return XDP_PASS;
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

	if (ip->ttl <= 1)
		return XDP_PASS; /* the kernel sends "time exceeded" */
	/* Not forwarded, neighbour unresolved, packet too long: the kernel handles these. */
	if (bpf_fib_lookup(ctx, &hop, sizeof(hop), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return XDP_PASS;
	/* Before the packet is changed, so that PASS passes it unchanged. */
	out = hop.ifindex;
	if (!bpf_map_lookup_elem(&devices, &out))
		return XDP_PASS;
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
		return XDP_PASS;
	/* Options and fragments are left to the kernel. */
	ip = take_ipv4(&cursor);
	if (!ip || ip->ihl != 5 || ip->protocol != IPPROTO_ICMP ||
	    (ip->frag_off & bpf_htons(0x3fff)))
		return XDP_PASS;
	echo = TAKE(&cursor, struct icmp_echo);
	if (!echo)
		return XDP_PASS;
	if (bpf_map_lookup_elem(&own_addresses, &ip->daddr))
		return answer(ethernet, ip, echo);
	return forward(ctx, ethernet, ip);
}

SEC("xdp")
int redirect_map(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &xdpcap_hook, route(ctx));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
