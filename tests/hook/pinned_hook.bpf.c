// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A hook that its loader pins.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

XDPCAP_DEFINE_PINNED_HOOK(pinned_hook);

SEC("xdp")
int XDPCAP_PROGRAM(drop, pinned_hook)(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_DROP : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
