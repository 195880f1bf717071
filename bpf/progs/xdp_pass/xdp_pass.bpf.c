// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// xdp_pass passes every packet on to the kernel: the smallest program that can be captured.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(xdpcap_hook);

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
