// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs for the lab of fates: the first byte of a test frame selects what to do, the second is
// the key.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "fate/lab.h"
#include "xdpcap.h"

// With a slot for the action that is none.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} hook SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

// How many test frames have come.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline void count_frame(void)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&seen, &key);

	if (count)
		__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

static __always_inline int try_what(unsigned char what, unsigned char key)
{
	switch (what) {
	case TRY_ABORTED:
		return XDP_ABORTED;
	case TRY_DROP:
		return XDP_DROP;
	case TRY_TX:
		return XDP_TX;
	case TRY_DEVMAP:
		return bpf_redirect_map(&devices, key, 0);
	case TRY_CPUMAP:
		return bpf_redirect_map(&cpus, key, 0);
	case TRY_INDEX:
		return bpf_redirect(key, 0);
	case TRY_INVALID:
		return 7;
	default:
		return XDP_PASS;
	}
}

SEC("xdp")
int by_first_byte(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data + 14 > (unsigned char *)(long)ctx->data_end || data[12] != 0x88 || data[13] != 0xb5)
		return XDP_PASS;
	count_frame();
	return xdpcap_exit(ctx, &hook, try_what(data[0], data[1]));
}

// A program before it, like a dispatcher: the kernel's reports name this one.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

SEC("xdp")
int dispatcher(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &next, 0);
	return XDP_PASS;
}

SEC("xdp")
int pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

// What the network stack makes of it is the lab's concern.
SEC("xdp")
int pass_all(struct xdp_md *ctx)
{
	return xdpcap_exit(ctx, &hook, XDP_PASS);
}

// Hides all but TCP from the capture.
SEC("xdp")
int pass_all_hook_tcp(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data + 34 > (unsigned char *)(long)ctx->data_end || data[12] != 8 || data[23] != 6)
		return XDP_PASS;
	return xdpcap_exit(ctx, &hook, XDP_PASS);
}

// Drops frames immediately, where the network stack would take longest.
SEC("xdp")
int swallow(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
