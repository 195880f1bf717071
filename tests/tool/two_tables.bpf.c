// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A hook and a jump table whose names the kernel truncates to the same one.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(firewall_stage1_hook);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u32);
} firewall_stage1_progs SEC(".maps");

SEC("xdp")
int two_tables(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &firewall_stage1_progs, 1);
	return xdpcap_exit(ctx, &firewall_stage1_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
