/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/*
 * Reads a packet header by header, for the example programs. The verifier requires a comparison with
 * data_end before each access; take() makes it, and returns NULL if the packet ends before the header
 * does.
 */
#ifndef XDPCAP_PROGS_PACKET_H
#define XDPCAP_PROGS_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#define INLINE static inline __attribute__((always_inline))

/* Where in the packet the next header begins. */
struct cursor {
	void *at;
	void *end;
};

INLINE struct cursor packet_begin(struct xdp_md *ctx)
{
	return (struct cursor){ (void *)(long)ctx->data, (void *)(long)ctx->data_end };
}

/* No header is longer than this; for more, take() returns NULL as if the packet ended. */
#define TAKE_MAX 0xfff

/*
 * The next `size` bytes of the packet, or NULL. The verifier keeps track of constant sizes. For a
 * size known only at run time, two things are needed for it to accept the code of every clang
 * version:
 *
 * - It trusts a comparison with data_end only if what was added to the pointer is proven to be
 *   small, 0xffff at most. What the C code has checked is no proof once the compiler checks one
 *   register and adds another, or subtracts in 32 bits, where -1 is 4 billion. So the size is
 *   limited here, right before it is added.
 * - A comparison counts for pointers that the same addition made. The compiler may add twice: for
 *   the pointer that it compares, and for the one that it reads. So it must not know where `after`
 *   comes from.
 *
 * barrier_var(x) is an empty assembly statement that might change x: the compiler forgets what it
 * knew of x, does not remove a check of x as redundant, and cannot compute x a second time.
 *
 * Bytes skipped by such a size cannot be read, as the verifier does not know how many there are; the
 * header after them can.
 */
INLINE void *take(struct cursor *cursor, __u64 size)
{
	void *header = cursor->at;
	void *after;

	if (__builtin_constant_p(size)) {
		after = header + size;
	} else {
		barrier_var(size);
		if (size > TAKE_MAX)
			return NULL;
		after = header + size;
		barrier_var(after);
	}
	if (after > cursor->end)
		return NULL;
	cursor->at = after;
	return header;
}

#define TAKE(cursor, type) ((type *)take((cursor), sizeof(type)))

struct vlan_header {
	__be16 tag;
	__be16 type;
};

/* Ethernet and up to two VLAN tags (802.1Q in 802.1ad). Returns the EtherType of what follows, such
 * as ETH_P_IP, or -1. */
INLINE int take_ethernet(struct cursor *cursor)
{
	struct ethhdr *ethernet = TAKE(cursor, struct ethhdr);
	__be16 type;

	if (!ethernet)
		return -1;
	type = ethernet->h_proto;
#pragma unroll
	for (int tags = 0; tags < 2; tags++) {
		struct vlan_header *vlan;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		vlan = TAKE(cursor, struct vlan_header);
		if (!vlan)
			return -1;
		type = vlan->type;
	}
	return bpf_ntohs(type);
}

/* IPv4 with its options. NULL also if the header is invalid. */
INLINE struct iphdr *take_ipv4(struct cursor *cursor)
{
	struct iphdr *ip = TAKE(cursor, struct iphdr);

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return NULL;
	if (!take(cursor, ip->ihl * 4 - sizeof(*ip)))
		return NULL;
	return ip;
}

/* Whether this is a fragment other than the first, so has no transport header. */
INLINE int is_later_fragment(const struct iphdr *ip)
{
	return (ip->frag_off & bpf_htons(0x1fff)) != 0;
}

struct ipv6_extension {
	__u8 next;
	__u8 length; /* in units of 8 bytes, the first not counted; RFC 8200 4.2 */
	__u8 rest[6];
};

/* No legitimate packet has more extension headers than this. */
#define IPV6_MAX_EXTENSIONS 6

/* The extension headers, if `next` is one (RFC 8200 4). Returns the protocol after them, or -1. After
 * a fragment header with an offset there is no transport header: the cursor is then at payload. */
INLINE int take_ipv6_extensions(struct cursor *cursor, __u8 next)
{
#pragma unroll
	for (int i = 0; i < IPV6_MAX_EXTENSIONS; i++) {
		struct ipv6_extension *extension;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_DSTOPTS)
			return next;
		extension = TAKE(cursor, struct ipv6_extension);
		if (!extension)
			return -1;
		/* A fragment header has a reserved byte where the others have their length. */
		if (next != IPPROTO_FRAGMENT && !take(cursor, extension->length * 8))
			return -1;
		next = extension->next;
	}
	return -1;
}

/* ICMP echo (RFC 792). linux/icmp.h includes libc headers, which do not compile for BPF. */
struct icmp_echo {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be16 id;
	__be16 sequence;
};
#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO_REQUEST 8

#endif /* XDPCAP_PROGS_PACKET_H */
