/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The statistics of encap, for program and control plane. */
#ifndef XDPCAP_ENCAP_H
#define XDPCAP_ENCAP_H

enum {
	TUNNEL_ENCAPSULATED,
	TUNNEL_DECAPSULATED,
	TUNNEL_TOO_LONG, /* dropped: with the outer header it would not fit the MTU */
	TUNNEL_NO_ROUTE, /* dropped: no route to the remote end, or no neighbour yet */
	TUNNEL_COUNT,
};

#endif
