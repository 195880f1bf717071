/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The counters of packet_counter, for program and control plane: one for each IP protocol number,
 * and two more. */
#ifndef XDPCAP_PACKET_COUNTER_H
#define XDPCAP_PACKET_COUNTER_H

enum {
	COUNTER_NOT_IP = 256,
	COUNTER_TRUNCATED, /* the packet ends within a header, or a header is invalid */
	COUNTER_COUNT,
};

#endif
