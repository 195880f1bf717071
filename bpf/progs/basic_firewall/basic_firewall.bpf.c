// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// basic_firewall drops packets whose source address is in a listed prefix, counts them by rule,
// and passes the rest. The longest prefix that matches gets the count; captures show its number.
#define XDPCAP_REASONS
#include "packet.h"
#include "basic_firewall.h"
#include "xdpcap.h"

// A trie cannot be preallocated: BPF_F_NO_PREALLOC is required.
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, RULES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ipv4_key);
	__type(value, __u32);
} ipv4_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, RULES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ipv6_key);
	__type(value, __u32);
} ipv6_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RULES_MAX);
	__type(key, __u32);
	__type(value, __u64);
} matches SEC(".maps");

XDPCAP_DEFINE_HOOK(xdpcap_hook);

// The number of the rule that matches the packet's source address, or NULL.
INLINE __u32 *find_rule(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	int type = take_ethernet(&cursor);

	if (type == ETH_P_IP) {
		struct iphdr *ip = take_ipv4(&cursor);
		struct ipv4_key key = { .prefix_length = 32 };

		if (!ip)
			return NULL;
		__builtin_memcpy(key.address, &ip->saddr, sizeof(key.address));
		return bpf_map_lookup_elem(&ipv4_rules, &key);
	}
	if (type == ETH_P_IPV6) {
		struct ipv6hdr *ip = TAKE(&cursor, struct ipv6hdr);
		struct ipv6_key key = { .prefix_length = 128 };

		if (!ip)
			return NULL;
		__builtin_memcpy(key.address, &ip->saddr, sizeof(key.address));
		return bpf_map_lookup_elem(&ipv6_rules, &key);
	}
	return NULL;
}

SEC("xdp")
int basic_firewall(struct xdp_md *ctx)
{
	__u32 *rule = find_rule(ctx);
	__u64 *count;

	if (!rule)
		return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
	count = bpf_map_lookup_elem(&matches, rule);
	if (count)
		(*count)++;
	return xdpcap_exit_rule(ctx, &xdpcap_hook, XDP_DROP, "source is blocked", *rule);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
