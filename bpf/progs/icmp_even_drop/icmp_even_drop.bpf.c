// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// icmp_even_drop drops ICMP echo requests with an even sequence number and passes the rest: a
// first program whose effect `ping` shows.
#include "packet.h"
#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(xdpcap_hook);

INLINE int is_even_echo(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct iphdr *ip;
	struct icmp_echo *echo;

	if (take_ethernet(&cursor) != ETH_P_IP)
		return 0;
	ip = take_ipv4(&cursor);
	if (!ip || ip->protocol != IPPROTO_ICMP || is_later_fragment(ip))
		return 0;
	echo = TAKE(&cursor, struct icmp_echo);
	return echo && echo->type == ICMP_ECHO_REQUEST && bpf_ntohs(echo->sequence) % 2 == 0;
}

SEC("xdp")
int icmp_even_drop(struct xdp_md *ctx)
{
	if (is_even_echo(ctx))
		return xdpcap_exit(ctx, &xdpcap_hook, XDP_DROP);
	return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
