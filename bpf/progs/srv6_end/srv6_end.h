/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The statistics of srv6_end, for program and control plane. */
#ifndef XDPCAP_SRV6_END_H
#define XDPCAP_SRV6_END_H

enum {
	SRV6_FORWARDED,
	SRV6_TO_KERNEL,  /* the last segment, or an unresolved next hop */
	SRV6_MALFORMED,  /* dropped: the routing header has inconsistent lengths */
	SRV6_HOP_LIMIT,  /* to the kernel, which sends "time exceeded" */
	SRV6_COUNT,
};

#define SEGMENTS_MAX 64

#endif
