// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// chain is two programs joined by a tail call, each with its own hook, so that a capture shows
// which of them decided. `first` drops UDP over IPv4 and hands the rest to `second`, which drops
// ICMP echo requests and passes the others.
#include "packet.h"
#include "xdpcap.h"

int second(struct xdp_md *ctx);

// libbpf fills it in when it loads the object.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32)); // the kernel accepts no BTF types for this map type
	__array(values, int(void *));
} next SEC(".maps") = {
	.values = { [0] = (void *)&second },
};

XDPCAP_DEFINE_HOOK(first_hook);
XDPCAP_DEFINE_HOOK(second_hook);

// The IPv4 header if the packet has that protocol, with the cursor after it.
INLINE struct iphdr *take_protocol(struct cursor *cursor, __u8 protocol)
{
	struct iphdr *ip;

	if (take_ethernet(cursor) != ETH_P_IP)
		return NULL;
	ip = take_ipv4(cursor);
	return ip && ip->protocol == protocol && !is_later_fragment(ip) ? ip : NULL;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);

	if (take_protocol(&cursor, IPPROTO_UDP))
		return xdpcap_exit(ctx, &first_hook, XDP_DROP);
	bpf_tail_call(ctx, &next, 0);
	// Reached only if there is no second program.
	return xdpcap_exit(ctx, &first_hook, XDP_ABORTED);
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct icmp_echo *echo = NULL;

	if (take_protocol(&cursor, IPPROTO_ICMP))
		echo = TAKE(&cursor, struct icmp_echo);
	if (echo && echo->type == ICMP_ECHO_REQUEST)
		return xdpcap_exit(ctx, &second_hook, XDP_DROP);
	return xdpcap_exit(ctx, &second_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
