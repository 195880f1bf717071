// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// packet_counter counts packets by IP protocol, IPv4 and IPv6 together, and passes them all.
#include "packet.h"
#include "packet_counter.h"
#include "xdpcap.h"

// Per CPU, so that no two CPUs write the same counter and no atomic instruction is needed.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

XDPCAP_DEFINE_HOOK(xdpcap_hook);

INLINE __u32 counter_of(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	int type = take_ethernet(&cursor);

	if (type == ETH_P_IP) {
		struct iphdr *ip = take_ipv4(&cursor);

		return ip ? ip->protocol : COUNTER_TRUNCATED;
	}
	if (type == ETH_P_IPV6) {
		struct ipv6hdr *ip = TAKE(&cursor, struct ipv6hdr);
		int protocol = ip ? take_ipv6_extensions(&cursor, ip->nexthdr) : -1;

		return protocol >= 0 ? protocol : COUNTER_TRUNCATED;
	}
	return type >= 0 ? COUNTER_NOT_IP : COUNTER_TRUNCATED;
}

SEC("xdp")
int packet_counter(struct xdp_md *ctx)
{
	__u32 index = counter_of(ctx);
	__u64 *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		(*counter)++;
	return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
