/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The counters of packet_counter, for program and control plane: one for each IP protocol number,
 * and two more. */
#ifndef XDPCAP_PACKET_COUNTER_H
#define XDPCAP_PACKET_COUNTER_H

enum {
	COUNTER_NOT_IP = 256,
	COUNTER_TRUNCATED, /* a header begins and does not end, or contradicts itself */
	COUNTER_COUNT,
};

#endif
