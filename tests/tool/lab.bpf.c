// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs for the lab: each leaves through a hook. Compiled twice, with and without fragments.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdpcap.h"

#ifdef FRAGS
#define XDP "xdp.frags"
#else
#define XDP "xdp"
#endif

XDPCAP_DEFINE_HOOK(hook);
// A hook serves programs of one attach type only: these two are for the programs in the maps.
XDPCAP_DEFINE_HOOK(device_hook);
XDPCAP_DEFINE_HOOK(cpu_hook);

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

// Does what the first byte of a test frame says, and lets everything else pass by the hook.
SEC(XDP)
int by_first_byte(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data + 14 > (unsigned char *)(long)ctx->data_end || data[12] != 0x88 || data[13] != 0xb5)
		return XDP_PASS;
	switch (data[0]) {
	case XDP_ABORTED:
		return xdpcap_exit(ctx, &hook, XDP_ABORTED);
	case XDP_DROP:
		return xdpcap_exit(ctx, &hook, XDP_DROP);
	case XDP_TX:
		return xdpcap_exit(ctx, &hook, XDP_TX);
	case XDP_REDIRECT:
		return xdpcap_exit(ctx, &hook, bpf_redirect_map(&devices, 0, XDP_ABORTED));
	default:
		return xdpcap_exit(ctx, &hook, XDP_PASS);
	}
}

// Distinguishes the lab's frames from everything else that the interface receives.
static inline int is_test_frame(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	return data + 14 <= (unsigned char *)(long)ctx->data_end && data[12] == 0x88 &&
	       data[13] == 0xb5;
}

SEC(XDP)
int to_device(struct xdp_md *ctx)
{
	return is_test_frame(ctx) ? bpf_redirect_map(&devices, 0, 0) : XDP_PASS;
}

SEC(XDP)
int to_cpu(struct xdp_md *ctx)
{
	return is_test_frame(ctx) ? bpf_redirect_map(&cpus, 0, 0) : XDP_PASS;
}

SEC(XDP "/devmap")
int on_device(struct xdp_md *ctx)
{
	return is_test_frame(ctx) ? xdpcap_exit(ctx, &device_hook, XDP_PASS) : XDP_PASS;
}

SEC(XDP "/cpumap")
int on_cpu(struct xdp_md *ctx)
{
	return is_test_frame(ctx) ? xdpcap_exit(ctx, &cpu_hook, XDP_PASS) : XDP_PASS;
}

SEC(XDP)
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
