// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs without a hook. They return the first byte of a test frame, after a change that the
// second byte asks for, and pass everything else. Compiled twice, with and without fragments.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#ifdef FRAGS
#define XDP "xdp.frags"
#else
#define XDP "xdp"
#endif

enum { KEEP, REWRITE, GROW, SHRINK };

#define BYTES 4 // by which a packet grows or shrinks, at either end

static int is_test_frame(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	return data + 18 <= (unsigned char *)(long)ctx->data_end && data[12] == 0x88 &&
	       data[13] == 0xb5;
}

static __attribute__((noinline)) int change(struct xdp_md *ctx, int how)
{
	unsigned char *data;

	if (how == GROW && (bpf_xdp_adjust_head(ctx, -BYTES) || bpf_xdp_adjust_tail(ctx, BYTES)))
		return -1;
	if (how == SHRINK && (bpf_xdp_adjust_head(ctx, BYTES) || bpf_xdp_adjust_tail(ctx, -BYTES)))
		return -1;
	data = (void *)(long)ctx->data;
	if (data + 14 > (unsigned char *)(long)ctx->data_end)
		return -1;
	if (how != KEEP) // so that the frame is still one of the tests'
		data[12] = 0x88, data[13] = 0xb5;
	if (how == REWRITE)
		data[6] = 0xee;
	return 0;
}

static int run(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;
	int action;

	if (!is_test_frame(ctx))
		return XDP_PASS;
	action = data[0];
	if (change(ctx, data[1]))
		return XDP_ABORTED;
	return action;
}

SEC(XDP)
int hookless(struct xdp_md *ctx)
{
	return run(ctx);
}

SEC(XDP)
int successor(struct xdp_md *ctx)
{
	return run(ctx);
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} jump_table SEC(".maps");

// The first of a chain of tail calls.
SEC(XDP)
int calls_tail(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jump_table, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
