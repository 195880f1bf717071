// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs for the cost of fates: one that redirects every packet, and one that receives them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

const volatile __u32 target; // ifindex

XDPCAP_DEFINE_HOOK(hook);

SEC("xdp")
int redirect_hooked(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &hook, bpf_redirect(target, 0));
}

SEC("xdp")
int swallow(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
