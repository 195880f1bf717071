/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* Changes a packet in place and keeps its checksums valid, for the example programs. */
#ifndef XDPCAP_PROGS_REWRITE_H
#define XDPCAP_PROGS_REWRITE_H

#include "packet.h"

/* The checksum after a 16-bit word was decreased by `delta` (RFC 1624, equation 3). The checksum is
 * the complement of a sum, so subtracting from the sum is adding to the checksum. */
INLINE __sum16 checksum_after_decrease(__sum16 checksum, __be16 delta)
{
	__u32 sum = (__u32)checksum + delta;

	return (__sum16)(sum + (sum >= 0xffff));
}

INLINE void decrease_ttl(struct iphdr *ip)
{
	ip->ttl--; /* the upper byte of its word */
	ip->check = checksum_after_decrease(ip->check, bpf_htons(0x0100));
}

INLINE __sum16 fold(__u64 sum)
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__sum16)~sum;
}

/* Computes the checksum of an IPv4 header without options (RFC 791). */
INLINE __sum16 ipv4_checksum(struct iphdr *ip)
{
	__u64 sum = 0;

	ip->check = 0;
#pragma unroll
	for (unsigned int i = 0; i < sizeof(*ip) / 2; i++)
		sum += ((__u16 *)ip)[i];
	return fold(sum);
}

INLINE void swap_macs(struct ethhdr *ethernet)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, mac, ETH_ALEN);
}

/* The MAC addresses that a FIB lookup returned. */
INLINE void set_macs(struct ethhdr *ethernet, const struct bpf_fib_lookup *hop)
{
	__builtin_memcpy(ethernet->h_dest, hop->dmac, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, hop->smac, ETH_ALEN);
}

#endif /* XDPCAP_PROGS_REWRITE_H */
