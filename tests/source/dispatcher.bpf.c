// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A dispatcher as libxdp attaches it to an interface: a program with a function that others
// replace.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int component(struct xdp_md *ctx)
{
	volatile int action = XDP_PASS;

	// Linux 6.13, and recent 6.12, want a function that may change the packet where its
	// replacement may.
	if (!ctx || bpf_xdp_adjust_head(ctx, 0) != 0)
		return XDP_ABORTED;
	return action;
}

SEC("xdp")
int dispatcher(struct xdp_md *ctx)
{
	return component(ctx);
}

char _license[] SEC("license") = "GPL";
