// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The kernel's reports as plain tracepoints, for kernels without BTF, in the layout of
// /sys/kernel/tracing/events/xdp/*/format (the same from Linux 5.10 to 7.x): numbers only, without
// namespaces, names of devices, or the type of a map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "fate/tracing_core.bpf.h"

struct redirect_event {
	__u64 common;
	__s32 prog_id;
	__u32 act;
	__s32 ifindex;
	__s32 err;
	__s32 to_ifindex;
	__u32 map_id;
	__s32 map_index;
};

struct exception_event {
	__u64 common;
	__s32 prog_id;
	__u32 act;
	__s32 ifindex;
};

struct xmit_event {
	__u64 common;
	__s32 from_ifindex;
	__u32 act;
	__s32 to_ifindex;
	__s32 drops;
	__s32 sent;
	__s32 err;
};

struct bulk_tx_event {
	__u64 common;
	__s32 ifindex;
	__u32 act;
	__s32 drops;
	__s32 sent;
	__s32 err;
};

struct enqueue_event {
	__u64 common;
	__s32 map_id;
	__u32 act;
	__s32 cpu;
	__u32 drops;
	__u32 processed;
	__s32 to_cpu;
};

// If a map was used, the event has an id other than 0 and 2^31 - 1.
static __always_inline int redirected(const struct redirect_event *event)
{
	struct xdpcap_fate fate = {
		.state = XDPCAP_FATE_REDIRECT,
		.action = XDP_REDIRECT,
		.ingress = event->ifindex,
		.program = event->prog_id,
		.error = event->err,
		.target = event->to_ifindex,
	};

	if (event->map_id && event->map_id != 0x7fffffff) {
		fate.map_id = event->map_id;
		fate.map_index = event->map_index;
	}
	decide(&fate, XDPCAP_REPORT_REDIRECT);
	return 0;
}

SEC("tracepoint/xdp/xdp_redirect")
int on_redirect(const struct redirect_event *event)
{
	return redirected(event);
}

SEC("tracepoint/xdp/xdp_redirect_err")
int on_redirect_err(const struct redirect_event *event)
{
	return redirected(event);
}

// Until Linux 5.13.
SEC("tracepoint/xdp/xdp_redirect_map")
int on_redirect_map(const struct redirect_event *event)
{
	return redirected(event);
}

SEC("tracepoint/xdp/xdp_redirect_map_err")
int on_redirect_map_err(const struct redirect_event *event)
{
	return redirected(event);
}

SEC("tracepoint/xdp/xdp_exception")
int on_exception(const struct exception_event *event)
{
	struct xdpcap_fate fate = {
		.state = XDPCAP_FATE_EXCEPTION,
		.action = event->act,
		.ingress = event->ifindex,
		.program = event->prog_id,
	};

	decide(&fate, XDPCAP_REPORT_EXCEPTION);
	return 0;
}

static __always_inline int bulk(__u32 from, __u32 to, __u32 report, int sent, int dropped,
				int error)
{
	struct xdpcap_pair pair = {.report = report, .error = error};

	pair.from.index = from;
	pair.to.index = to;
	count_bulk(&pair, sent, dropped);
	return 0;
}

SEC("tracepoint/xdp/xdp_devmap_xmit")
int on_devmap_xmit(const struct xmit_event *event)
{
	return bulk(event->from_ifindex, event->to_ifindex, XDPCAP_REPORT_XMIT, event->sent,
		    event->drops, event->err);
}

SEC("tracepoint/xdp/xdp_bulk_tx")
int on_bulk_tx(const struct bulk_tx_event *event)
{
	return bulk(event->ifindex, event->ifindex, XDPCAP_REPORT_TX, event->sent, event->drops,
		    event->err);
}

SEC("tracepoint/xdp/xdp_cpumap_enqueue")
int on_cpumap_enqueue(const struct enqueue_event *event)
{
	return enqueued(event->map_id, event->processed, event->drops, event->to_cpu);
}

SEC("tracepoint/napi/napi_poll")
int on_napi_poll(const void *event)
{
	return close_batch();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
