// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The programs that hook_header_test runs, compiled once for each way of including xdpcap.h:
//   VMLINUX         vmlinux.h instead of linux/bpf.h
//   HELPERS_BEFORE  bpf_helpers.h before it
//   HELPERS_AFTER   bpf_helpers.h after it; with neither, not at all
// The first byte of the packet is the action; the second selects the hook.
#ifdef VMLINUX
#include "vmlinux.h"
#elif defined(LINUX)
#include <linux/bpf.h>
#endif
#ifdef HELPERS_BEFORE
#include <bpf/bpf_helpers.h>
#endif

#include "xdpcap.h"

#ifdef HELPERS_AFTER
#include <bpf/bpf_helpers.h>
#endif
#ifndef SEC
#define SEC(name) __attribute__((section(name), used))
#endif

XDPCAP_DEFINE_HOOK(hook_a);
XDPCAP_DEFINE_HOOK(hook_b);

static inline __attribute__((always_inline)) int byte_at(struct xdp_md *ctx, int offset)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data + offset + 1 > (unsigned char *)(long)ctx->data_end)
		return -1;
	return data[offset];
}

// Every return path has an action of its own, known at compile time.
SEC("xdp")
int constant(struct xdp_md *ctx)
{
	switch (byte_at(ctx, 0)) {
	case 0:
		return xdpcap_exit(ctx, &hook_a, XDP_ABORTED);
	case 1:
		return xdpcap_exit(ctx, &hook_a, XDP_DROP);
	case 2:
		return xdpcap_exit(ctx, &hook_a, XDP_PASS);
	case 3:
		return xdpcap_exit(ctx, &hook_a, XDP_TX);
	case 4:
		return xdpcap_exit(ctx, &hook_a, XDP_REDIRECT);
	default:
		return xdpcap_exit(ctx, &hook_a, 77);
	}
}

// The two ends that a compiler would love to merge.
SEC("xdp")
int branches(struct xdp_md *ctx)
{
	if (byte_at(ctx, 0) == 1)
		return xdpcap_exit(ctx, &hook_a, XDP_DROP);
	return xdpcap_exit(ctx, &hook_a, XDP_PASS);
}

SEC("xdp")
int run_time(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &hook_a, byte_at(ctx, 0));
}

SEC("xdp")
int two_hooks(struct xdp_md *ctx)
{
	if (byte_at(ctx, 1) == 'b')
		return xdpcap_exit(ctx, &hook_b, byte_at(ctx, 0));
	return xdpcap_exit(ctx, &hook_a, byte_at(ctx, 0));
}

// Returns as a program without a hook does.
SEC("xdp")
int XDPCAP_PROGRAM(wrapped, hook_a)(struct xdp_md *ctx)
{
	if (byte_at(ctx, 0) == XDP_DROP)
		return XDP_DROP;
	return byte_at(ctx, 0);
}

// What was written to the packet before the exit is there for the recorder.
SEC("xdp")
int rewrite(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data + 14 > (unsigned char *)(long)ctx->data_end)
		return xdpcap_exit(ctx, &hook_a, XDP_ABORTED);
	data[0] = 0xab;
	data[13] = 0xcd;
	return xdpcap_exit(ctx, &hook_a, XDP_TX);
}

// One exit and nothing else, for a look at the code that the kernel makes of it.
SEC("xdp")
int hooked(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &hook_a, XDP_DROP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
