// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A program in the style that Cloudflare's hook.h documents. Compiled three times:
//   unchanged          with struct bpf_map_def from libbpf 0.x, or restored by xdpcap.h
//   OWN_BPF_MAP_DEF    with its own helpers and nothing from libbpf
//   THEIR_HEADER       with a header with the guard and interface of hook.h before xdpcap.h
#include <linux/bpf.h>
#ifdef OWN_BPF_MAP_DEF
#define SEC(name) __attribute__((section(name), used))
struct bpf_map_def {
	unsigned int type, key_size, value_size, max_entries, map_flags, id, pinning;
};
#else
#include <bpf/bpf_helpers.h>
#endif
#ifdef THEIR_HEADER
#define XDPCAP_HOOK_H
#define XDPCAP_HOOK() { .type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 5 }
#define xdpcap_exit(ctx, hook, action) (bpf_tail_call((ctx), (hook), (action)), (action))
struct bpf_map_def { unsigned int type, key_size, value_size, max_entries, map_flags; };
#endif
#include "xdpcap.h"

struct bpf_map_def SEC("maps") xdpcap_hook = XDPCAP_HOOK();

SEC("xdp")
int old_style(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data + 1 > (unsigned char *)(long)ctx->data_end)
		return xdpcap_exit(ctx, &xdpcap_hook, XDP_ABORTED);
#ifdef XDPCAP_REASONS
	if (data[0] == 2)
		return xdpcap_exit_reason(ctx, &xdpcap_hook, XDP_DROP, "their exit");
#endif
	if (data[0] == 1)
		return xdpcap_exit(ctx, &xdpcap_hook, XDP_DROP);
	return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
