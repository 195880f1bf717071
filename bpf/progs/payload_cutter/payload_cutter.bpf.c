// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// payload_cutter trims the payload of UDP datagrams over IPv4 and IPv6 to a number of bytes,
// corrects lengths and checksums, and passes them. UDP, because trimmed TCP segments would only be
// retransmitted.
#include <linux/udp.h>

#include "packet.h"
#include "payload_cutter.h"
#include "rewrite.h"
#include "xdpcap.h"

// How many bytes of the payload to keep; set before loading.
const volatile __u32 keep_bytes = 64;

XDPCAP_DEFINE_HOOK(xdpcap_hook);

// The header before UDP, which determines where lengths and checksums are after the trimming.
enum network { NONE, IPV4, IPV6 };

// The length of UDP according to the IP header; `network` stays NONE if there is nothing to trim:
// fragments hold part of a datagram, and options and extension headers would move the UDP header.
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

// The network header of a datagram that is too long, or NONE. A datagram with inconsistent lengths
// is left unchanged.
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
	// The whole datagram must be present, or adjusting the tail would lengthen the packet. As in
	// take(), the size is limited right before it is added, and the compiler must not see that it
	// is already small enough.
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

// Computed from scratch rather than incrementally: with checksum offload, a packet from a sender on
// this machine does not have a valid checksum to update.
INLINE void set_udp_checksum(struct udphdr *udp, void *end, __u64 addresses)
{
	__u64 pseudo_header = addresses + bpf_htons(IPPROTO_UDP) + udp->len;

	udp->check = 0;
	udp->check = fold(pseudo_header + sum_to_end((void *)udp, end));
	if (udp->check == 0)
		udp->check = 0xffff; // 0 means no checksum: RFC 768
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

	// The verifier allows `data_end - data`, but subtracting data_end from a number is refused; the
	// compiler would compute `kept - data_end + data`.
	barrier_var(whole);
	if (bpf_xdp_adjust_tail(ctx, kept - whole) != 0)
		return XDP_ABORTED;
	// Every pointer into the packet is invalid now.
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
