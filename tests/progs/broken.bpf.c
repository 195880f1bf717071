// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The classic first mistake of XDP authors: reading the packet without a bounds check.
#include "packet.h"
#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(xdpcap_hook);

SEC("xdp")
int broken(struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	return xdpcap_exit(ctx, &xdpcap_hook, ethernet->h_proto ? XDP_PASS : XDP_DROP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
