// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs for the cost of counting, compiled twice: with XDPCAP_REASONS, the hooked one stores a
// reason for each packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(hook);

SEC("xdp")
int bare(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

SEC("xdp")
int hooked(struct xdp_md *ctx)
{
#ifdef XDPCAP_REASONS
	return xdpcap_exit_reason(ctx, &hook, XDP_DROP, "a reason");
#else
	return xdpcap_exit(ctx, &hook, XDP_DROP);
#endif
}

char _license[] SEC("license") = "Dual BSD/GPL";
