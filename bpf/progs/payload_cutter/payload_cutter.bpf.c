// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// payload_cutter trims the payload of UDP datagrams over IPv4 and IPv6 to a number of bytes, makes
// lengths and checksums right, and passes them. UDP, because a cut TCP stream would only make the
// sender send again.
#include <linux/udp.h>

#include "packet.h"
#include "payload_cutter.h"
#include "rewrite.h"
#include "xdpcap.h"

// How much of the payload stays; set before loading.
const volatile __u32 keep_bytes = 64;

XDPCAP_DEFINE_HOOK(xdpcap_hook);

// The header in front of UDP, by which lengths and checksums are found again after the cut.
enum network { NONE, IPV4, IPV6 };

// The bytes that the IP header leaves for UDP; `network` stays NONE if this is nothing to cut:
// fragments are parts of a datagram, and options and extensions would move the UDP header.
INLINE __u32 room_for_udp(struct cursor *cursor, enum network *network)
{
	struct ethhdr *ethernet = TAKE(cursor, struct ethhdr);

	if (!ethernet)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = take_ipv4(cursor);

		if (!ip || ip->protocol != IPPROTO_UDP || ip->ihl != 5 ||
		    (ip->frag_off & bpf_htons(0x3fff)))
			return 0;
		*network = IPV4;
		return bpf_ntohs(ip->tot_len) - sizeof(*ip);
	}
	if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = TAKE(cursor, struct ipv6hdr);

		if (!ip || ip->nexthdr != IPPROTO_UDP)
			return 0;
		*network = IPV6;
		return bpf_ntohs(ip->payload_len);
	}
	return 0;
}

// The network header of a datagram that is longer than it may be, or NONE. One whose lengths
// contradict each other is not touched.
INLINE enum network find_too_long(struct xdp_md *ctx)
{
	struct cursor cursor = packet_begin(ctx);
	enum network network = NONE;
	__u32 room = room_for_udp(&cursor, &network);
	struct udphdr *udp;
	__u64 added;

	if (network == NONE)
		return NONE;
	udp = TAKE(&cursor, struct udphdr);
	if (!udp || bpf_ntohs(udp->len) != room || room <= sizeof(*udp) + keep_bytes)
		return NONE;
	// All of it is here, so that a cut makes the packet shorter and not longer. As in take(), what is
	// added is limited right before, where the compiler cannot see that it need not be.
	added = room;
	barrier_var(added);
	if (added > 0xffff || (void *)udp + added > cursor.end)
		return NONE;
	return network;
}

// The sum of everything from `word` to the end of the packet, an odd last byte padded with zero.
INLINE __u64 sum_to_end(__u16 *word, void *end)
{
	__u64 sum = 0;

	for (unsigned int i = 0; i < (sizeof(struct udphdr) + KEEP_MAX) / 2; i++) {
		if ((void *)(word + 1) > end)
			break;
		sum += *word++;
	}
	if ((void *)word + 1 <= end)
		sum += bpf_htons(*(__u8 *)word << 8);
	return sum;
}

INLINE __u64 sum_words(const void *words, __u32 size)
{
	__u64 sum = 0;

#pragma unroll
	for (unsigned int i = 0; i < size / 2; i++)
		sum += ((const __u16 *)words)[i];
	return sum;
}

// From nothing rather than by the difference: a packet that a sender on this machine left for its
// device to finish (checksum offload) has no right checksum to begin with.
INLINE void set_udp_checksum(struct udphdr *udp, void *end, __u64 addresses)
{
	__u64 pseudo_header = addresses + bpf_htons(IPPROTO_UDP) + udp->len;

	udp->check = 0;
	udp->check = fold(pseudo_header + sum_to_end((void *)udp, end));
	if (udp->check == 0)
		udp->check = 0xffff; // 0 says that there is none: RFC 768
}

INLINE int finish_ipv4(struct cursor *cursor, __u32 length)
{
	struct iphdr *ip = TAKE(cursor, struct iphdr);
	struct udphdr *udp = TAKE(cursor, struct udphdr);

	if (!ip || !udp)
		return XDP_ABORTED;
	ip->tot_len = bpf_htons(sizeof(*ip) + length);
	ip->check = ipv4_checksum(ip);
	udp->len = bpf_htons(length);
	if (udp->check != 0)
		set_udp_checksum(udp, cursor->end, sum_words(&ip->saddr, 8));
	return XDP_PASS;
}

INLINE int finish_ipv6(struct cursor *cursor, __u32 length)
{
	struct ipv6hdr *ip = TAKE(cursor, struct ipv6hdr);
	struct udphdr *udp = TAKE(cursor, struct udphdr);

	if (!ip || !udp)
		return XDP_ABORTED;
	ip->payload_len = bpf_htons(length);
	udp->len = bpf_htons(length);
	set_udp_checksum(udp, cursor->end, sum_words(&ip->saddr, 32));
	return XDP_PASS;
}

INLINE int cut(struct xdp_md *ctx, enum network network)
{
	__u32 length = sizeof(struct udphdr) + keep_bytes;
	__u32 network_size = network == IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	int whole = ctx->data_end - ctx->data;
	int kept = sizeof(struct ethhdr) + network_size + length;
	struct cursor cursor;

	// The verifier lets data be subtracted from data_end, but data_end from nothing; the compiler
	// would have `kept - data_end + data`.
	barrier_var(whole);
	if (bpf_xdp_adjust_tail(ctx, kept - whole) != 0)
		return XDP_ABORTED;
	// The packet may be elsewhere now: every pointer into it is void.
	cursor = packet_begin(ctx);
	if (!TAKE(&cursor, struct ethhdr))
		return XDP_ABORTED;
	return network == IPV4 ? finish_ipv4(&cursor, length) : finish_ipv6(&cursor, length);
}

SEC("xdp")
int payload_cutter(struct xdp_md *ctx)
{
	enum network network = find_too_long(ctx);

	if (network == NONE)
		return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
	return xdpcap_exit(ctx, &xdpcap_hook, cut(ctx, network));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
