// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A component as libxdp loads it: it replaces a function of the dispatcher.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("freplace/component")
int drops(struct xdp_md *ctx)
{
	return ctx->data_end > ctx->data ? XDP_DROP : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
