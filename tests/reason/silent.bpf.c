// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A program that gives no reasons. Its action is the first byte of the packet.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(hook);

SEC("xdp") int silent(struct xdp_md *ctx)
{
	const __u8 *data = (void *)(long)ctx->data;

	if (data + 1 > (__u8 *)(long)ctx->data_end)
		return xdpcap_exit(ctx, &hook, XDP_ABORTED);
	return xdpcap_exit(ctx, &hook, data[0]);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
