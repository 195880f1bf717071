/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* What xdp_dump sends to user space for each TCP SYN. */
#ifndef XDPCAP_XDP_DUMP_H
#define XDPCAP_XDP_DUMP_H

#include <linux/types.h>

#define SYN_BYTES_MAX 1536 /* more than an Ethernet frame of MTU 1500 */

/*
 * Addresses are in network byte order, IPv4 ones in the first four bytes; ports and lengths in
 * host byte order.
 *
 *    0        16            32     34     36      37  40      44        48
 *    | source | destination | port | port | version | -- | length | captured | bytes ...
 */
struct syn_event {
	__u8 source[16];
	__u8 destination[16];
	__u16 source_port;
	__u16 destination_port;
	__u8 ip_version; /* 4 or 6 */
	__u8 unused[3];
	__u32 length;   /* of the whole packet, Ethernet header included */
	__u32 captured; /* how many of them are in `bytes` */
	__u8 bytes[SYN_BYTES_MAX];
};

#endif
