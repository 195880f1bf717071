// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A program of another project, instrumented with the installed header.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <xdpcap/xdpcap.h>

XDPCAP_DEFINE_HOOK(xdpcap_hook);

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &xdpcap_hook, XDP_DROP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
