/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* A program for the veth peers of programs that redirect. */
#ifndef XDPCAP_PROGS_RECEIVE_H
#define XDPCAP_PROGS_RECEIVE_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* Passes everything. While it is attached, the driver has the queue that redirected frames go to. */
SEC("xdp")
int receive(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

#endif /* XDPCAP_PROGS_RECEIVE_H */
