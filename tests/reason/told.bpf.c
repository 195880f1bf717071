// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs that give reasons, as their packets ask (lab.h). Compiled three times: with OTHERS, there is
// one more reason before them, and FIRST_REASON has another text; with NEWER, it has a third one.
#define XDPCAP_REASONS
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "lab.h"
#include "xdpcap.h"

XDPCAP_DEFINE_HOOK(hook);
XDPCAP_DEFINE_HOOK(other_hook);

#ifdef OTHERS
#define FIRST_TEXT "first of the others"
SEC("xdp") int before(struct xdp_md *ctx)
{
	return xdpcap_exit_reason(ctx, &other_hook, XDP_PASS, "before");
}
#elif defined(NEWER)
#define FIRST_TEXT "first of the newer ones"
#else
#define FIRST_TEXT "first"
#endif

struct order {
	__u8 action;
	__u8 way;
	__u32 number;
} __attribute__((packed));

static inline __attribute__((always_inline)) int read_order(struct xdp_md *ctx, struct order *order)
{
	const void *data = (void *)(long)ctx->data;

	if (data + sizeof(*order) > (void *)(long)ctx->data_end)
		return -1;
	__builtin_memcpy(order, data, sizeof(*order));
	return 0;
}

SEC("xdp") int told(struct xdp_md *ctx)
{
	struct order order;

	if (read_order(ctx, &order))
		return xdpcap_exit_reason(ctx, &hook, XDP_ABORTED, "too short");
	switch (order.way) {
	case FIRST_REASON:
		return xdpcap_exit_reason(ctx, &hook, order.action, FIRST_TEXT);
	case SECOND_REASON:
		return xdpcap_exit_reason(ctx, &hook, order.action, "the \"second\" \\ one");
	case RULE:
		return xdpcap_exit_rule(ctx, &hook, order.action, "rule", order.number);
	case OTHER_HOOK:
		return xdpcap_exit_reason(ctx, &other_hook, order.action, "elsewhere");
	case NO_EXIT:
		xdpcap_set_reason("nowhere");
		return order.action;
	default:
		return xdpcap_exit(ctx, &hook, order.action);
	}
}

// With actions known at compile time.
SEC("xdp") int constant(struct xdp_md *ctx)
{
	struct order order;

	if (read_order(ctx, &order))
		return xdpcap_exit(ctx, &hook, XDP_ABORTED);
	if (order.way == FIRST_REASON)
		return xdpcap_exit_reason(ctx, &hook, XDP_DROP, "first, constant");
	if (order.way == RULE)
		return xdpcap_exit_rule(ctx, &hook, XDP_PASS, "rule, constant", order.number);
	return xdpcap_exit(ctx, &hook, XDP_TX);
}

static __attribute__((noinline)) int decide(const struct order *order)
{
	if (order->way == FIRST_REASON)
		xdpcap_set_reason("set");
	if (order->way == RULE) {
		xdpcap_set_reason("not the last one");
		xdpcap_set_rule("set rule", order->number);
	}
	return order->action;
}

SEC("xdp") int XDPCAP_PROGRAM(wrapped, hook)(struct xdp_md *ctx)
{
	struct order order;

	return read_order(ctx, &order) ? XDP_ABORTED : decide(&order);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
