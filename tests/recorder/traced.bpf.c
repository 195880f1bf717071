// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs without a hook, to be traced.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "traced.h"

static __always_inline int byte_at(struct xdp_md *ctx, int offset)
{
	__u8 *data = (void *)(long)ctx->data;

	if (data + offset + 1 > (__u8 *)(long)ctx->data_end)
		return 0;
	return data[offset];
}

// Returns the packet's first byte.
SEC("xdp")
int act(struct xdp_md *ctx)
{
	return byte_at(ctx, 0);
}

static __always_inline void overwrite(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	int i;

	if (data + CHANGED_BYTES > (__u8 *)(long)ctx->data_end)
		return;
	for (i = 0; i < CHANGED_BYTES; i++)
		data[i] = CHANGED_TO;
}

// Changes the packet as its second byte says, and sends it back.
SEC("xdp")
int change(struct xdp_md *ctx)
{
	switch (byte_at(ctx, 1)) {
	case CHANGE_BYTES:
		overwrite(ctx);
		break;
	case CHANGE_GROW_HEAD:
		if (bpf_xdp_adjust_head(ctx, -CHANGED_BYTES) == 0)
			overwrite(ctx);
		break;
	case CHANGE_SHRINK_HEAD:
		bpf_xdp_adjust_head(ctx, CHANGED_BYTES);
		break;
	case CHANGE_GROW_TAIL:
		bpf_xdp_adjust_tail(ctx, CHANGED_BYTES);
		break;
	case CHANGE_SHRINK_TAIL:
		bpf_xdp_adjust_tail(ctx, -CHANGED_BYTES);
		break;
	}
	return XDP_TX;
}

static __attribute__((noinline)) int drop_if(struct xdp_md *ctx, int byte)
{
	return byte_at(ctx, 0) == byte ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int with_subprogram(struct xdp_md *ctx)
{
	return drop_if(ctx, byte_at(ctx, 1));
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} callees SEC(".maps");

SEC("xdp")
int caller(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &callees, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int callee(struct xdp_md *ctx)
{
	overwrite(ctx);
	return XDP_REDIRECT;
}

// The kernel does not say what this argument is.
SEC("xdp")
int takes_anything(void *ctx)
{
	return ctx ? XDP_PASS : XDP_DROP;
}

// Since Linux 5.18.
SEC("xdp.frags")
int with_fragments(struct xdp_md *ctx)
{
	return byte_at(ctx, 0);
}

/* Since Linux 5.18. Cuts off as many bytes as the packet's second and third bytes say. */
SEC("xdp.frags")
int shorten(struct xdp_md *ctx)
{
	int bytes = byte_at(ctx, 1) << 8 | byte_at(ctx, 2);

	if (bpf_xdp_adjust_tail(ctx, -bytes) != 0)
		return XDP_ABORTED;
	return byte_at(ctx, 0);
}

char _license[] SEC("license") = "GPL";
