// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// An XDP program as libxdp loads it: it replaces a function of the dispatcher.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(hook);

SEC("freplace/component")
int extension(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &hook, XDP_DROP);
}

char _license[] SEC("license") = "GPL";
