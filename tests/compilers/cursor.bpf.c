// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Harder uses of the cursor of packet.h than in the examples: sizes known only at run time, in
// sequence and in a loop, too large and negative, and pointers kept across calls. The action
// depends on the bytes that were read, so that a wrong one shows.
#include <linux/tcp.h>
#include <linux/udp.h>

#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} zeros SEC(".maps");

INLINE struct tcphdr *take_tcp(struct cursor *cursor)
{
	struct iphdr *ip;

	if (take_ethernet(cursor) != ETH_P_IP)
		return NULL;
	ip = take_ipv4(cursor);
	return ip && ip->protocol == IPPROTO_TCP ? TAKE(cursor, struct tcphdr) : NULL;
}

// After two headers with options each.
SEC("xdp")
int payload(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct tcphdr *tcp = take_tcp(&cursor);
	__be32 *bytes;

	if (!tcp || tcp->doff < 5 || !take(&cursor, tcp->doff * 4 - sizeof(*tcp)))
		return 1;
	bytes = TAKE(&cursor, __be32);
	if (!bytes)
		return 2;
	*bytes ^= tcp->seq;
	return bpf_ntohl(*bytes);
}

// One option after the other, RFC 9293 3.1.
INLINE int find_mss(struct cursor *cursor)
{
	for (int i = 0; i < 12; i++) {
		__u8 *kind = TAKE(cursor, __u8);
		__u8 *length;

		if (!kind || *kind == 0)
			return 1;
		if (*kind == 1)
			continue;
		length = TAKE(cursor, __u8);
		if (!length)
			return 2;
		if (*kind == 2) {
			__be16 *mss = TAKE(cursor, __be16);

			return mss ? bpf_ntohs(*mss) : 3;
		}
		// Wrong lengths are below zero here.
		if (!take(cursor, *length - 2))
			return 4;
	}
	return 5;
}

SEC("xdp")
int options(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);

	return take_tcp(&cursor) ? find_mss(&cursor) : 0;
}

// The last byte of a datagram by its length field, which may be more than take() steps over.
SEC("xdp")
int last_byte(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct iphdr *ip;
	struct udphdr *udp;
	__u8 *last;

	if (take_ethernet(&cursor) != ETH_P_IP)
		return 1;
	ip = take_ipv4(&cursor);
	if (!ip || ip->protocol != IPPROTO_UDP)
		return 2;
	udp = TAKE(&cursor, struct udphdr);
	if (!udp || !take(&cursor, bpf_ntohs(udp->len) - sizeof(*udp) - 1))
		return 3;
	last = TAKE(&cursor, __u8);
	return last ? 1000 + *last : 4;
}

INLINE __u32 zero(void)
{
	__u32 key = 0;
	__u32 *value = bpf_map_lookup_elem(&zeros, &key);

	return value ? *value : 0;
}

// More pointers than a call leaves registers for.
SEC("xdp")
int over_calls(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	struct ethhdr *ethernet = TAKE(&cursor, struct ethhdr);
	struct iphdr *ip = ethernet ? take_ipv4(&cursor) : NULL;
	__be32 *one = ip ? TAKE(&cursor, __be32) : NULL;
	__be32 *two = one && take(&cursor, ip->tos + zero()) ? TAKE(&cursor, __be32) : NULL;
	__be32 *three = two && take(&cursor, ip->tos + zero()) ? TAKE(&cursor, __be32) : NULL;

	if (!three)
		return two ? 3 : one ? 2 : 1;
	*one += zero() + 1;
	*two += zero() + 2;
	*three += zero() + 3;
	ip->ttl += zero();
	return ethernet->h_proto + ip->protocol + *three;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
