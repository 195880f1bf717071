// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The programs that hook_bench compares: they exit through a hook with empty slots 0 or EXITS
// times. A tail call into an empty slot returns, so one packet can make many. Compiled twice: with
// XDPCAP_REASONS, every exit stores a reason or that there is none.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "hook_bench.h"
#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(hook);

SEC("xdp")
int bare(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp")
int constant(struct xdp_md *ctx)
{
	#pragma clang loop unroll(full)
	for (int i = 0; i < EXITS; i++)
		xdpcap_exit(ctx, &hook, XDP_DROP);
	return XDP_DROP;
}

SEC("xdp")
int run_time(struct xdp_md *ctx)
{
	int action = ctx->rx_queue_index + XDP_DROP;

	#pragma clang loop unroll(full)
	for (int i = 0; i < EXITS; i++)
		xdpcap_exit(ctx, &hook, action);
	return action;
}

#ifdef XDPCAP_REASONS
SEC("xdp")
int reason(struct xdp_md *ctx)
{
	#pragma clang loop unroll(full)
	for (int i = 0; i < EXITS; i++)
		xdpcap_exit_reason(ctx, &hook, XDP_DROP, "a reason");
	return XDP_DROP;
}
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
