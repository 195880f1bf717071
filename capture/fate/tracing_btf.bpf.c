// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The kernel's reports with BTF: the arguments of the tracepoints (include/trace/events/xdp.h),
// with devices and programs as pointers. Unlike there, not to const: BPF_CORE_READ would declare
// uninitialized constants, which clang warns about since 21.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "fate/kernel_types.h"
#include "fate/tracing_core.bpf.h"

// bpf_redirect() uses no map: the kernel then reports this instead of a map's id.
#define NO_MAP 0x7fffffffU

static __always_inline struct xdpcap_device device(struct net_device *dev)
{
	struct xdpcap_device it = {};

	if (!dev)
		return it;
	it.index = BPF_CORE_READ(dev, ifindex);
	if (bpf_core_field_exists(dev->nd_net.net))
		it.network = BPF_CORE_READ(dev, nd_net.net, ns.inum);
	return it;
}

static __always_inline void remember_name(struct net_device *dev)
{
	struct xdpcap_device key = device(dev);
	struct xdpcap_name name = {};

	if (!dev)
		return;
	BPF_CORE_READ_STR_INTO(&name.text, dev, name);
	bpf_map_update_elem(&names, &key, &name, BPF_ANY);
}

static __always_inline struct net_device *target_device(const void *target, __u32 map_type)
{
	struct net_device *dev = 0;

	if (target && (map_type == BPF_MAP_TYPE_DEVMAP || map_type == BPF_MAP_TYPE_DEVMAP_HASH))
		bpf_probe_read_kernel(&dev, sizeof(dev), target);
	return dev;
}

// The target is a pointer to const void, which the verifier does not let programs load before Linux
// 6.13; the helper can.
static __always_inline const void *target_of(const unsigned long long *ctx)
{
	const void *target = 0;

	bpf_probe_read_kernel(&target, sizeof(target), ctx + 2);
	return target;
}

static __always_inline void fill_ingress(struct xdpcap_fate *fate, struct net_device *dev,
					 struct bpf_prog *prog)
{
	struct xdpcap_device from = device(dev);

	fate->ingress = from.index;
	fate->ingress_namespace = from.network;
	fate->program = BPF_CORE_READ(prog, aux, id);
}

static __always_inline int redirected(struct net_device *dev, struct bpf_prog *prog,
				      const void *target, int error, __u32 map_type, __u32 map_id,
				      __u32 index)
{
	struct net_device *to = target_device(target, map_type);
	struct xdpcap_device device_to = device(to);
	struct xdpcap_fate fate = {
		.state = XDPCAP_FATE_REDIRECT,
		.action = XDP_REDIRECT,
		.error = error,
		.target = device_to.index,
		.target_namespace = device_to.network,
	};

	fill_ingress(&fate, dev, prog);
	if (map_id && map_id != NO_MAP) {
		fate.map_type = map_type;
		fate.map_id = map_id;
		fate.map_index = index;
	} else {
		// bpf_redirect() looks up the index in the namespace where the packet arrived.
		fate.target = index;
		fate.target_namespace = fate.ingress_namespace;
	}
	if (decide(&fate, XDPCAP_REPORT_REDIRECT) == 2) {
		remember_name(dev);
		remember_name(to);
	}
	return 0;
}

SEC("tp_btf/xdp_redirect")
int BPF_PROG(on_redirect, struct net_device *dev, struct bpf_prog *prog,
	     const void *target, int error, __u32 map_type, __u32 map_id, __u32 index)
{
	return redirected(dev, prog, target_of(ctx), error, map_type, map_id, index);
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(on_redirect_err, struct net_device *dev, struct bpf_prog *prog,
	     const void *target, int error, __u32 map_type, __u32 map_id, __u32 index)
{
	return redirected(dev, prog, target_of(ctx), error, map_type, map_id, index);
}

// Until Linux 5.13 (commit ee75aef23afe) the map was a pointer, and redirects by maps had their own
// events.
static __always_inline int redirected_by_map(struct net_device *dev,
					     struct bpf_prog *prog, const void *target,
					     int error, struct bpf_map *map, __u32 index)
{
	__u32 map_id = map ? BPF_CORE_READ(map, id) : NO_MAP;
	__u32 map_type = map ? BPF_CORE_READ(map, map_type) : 0;

	return redirected(dev, prog, target, error, map_type, map_id, index);
}

#define ON_REDIRECT_OF_OLD(event)                                                                 \
	SEC("tp_btf/xdp_" #event)                                                                 \
	int BPF_PROG(on_##event##_old, struct net_device *dev, struct bpf_prog *prog, \
		     const void *target, int error, struct bpf_map *map, __u32 index)       \
	{                                                                                         \
		return redirected_by_map(dev, prog, target_of(ctx), error, map, index);                  \
	}

ON_REDIRECT_OF_OLD(redirect)
ON_REDIRECT_OF_OLD(redirect_err)
ON_REDIRECT_OF_OLD(redirect_map)
ON_REDIRECT_OF_OLD(redirect_map_err)

SEC("tp_btf/xdp_exception")
int BPF_PROG(on_exception, struct net_device *dev, struct bpf_prog *prog, __u32 action)
{
	struct xdpcap_fate fate = {.state = XDPCAP_FATE_EXCEPTION, .action = action};

	fill_ingress(&fate, dev, prog);
	if (decide(&fate, XDPCAP_REPORT_EXCEPTION) == 2)
		remember_name(dev);
	return 0;
}

static __always_inline int bulk(struct net_device *from, struct net_device *to,
				__u32 report, int sent, int dropped, int error)
{
	struct xdpcap_pair pair = {.report = report, .error = error};

	pair.from = device(from);
	pair.to = device(to);
	if (count_bulk(&pair, sent, dropped)) {
		remember_name(from);
		remember_name(to);
	}
	return 0;
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(on_devmap_xmit, struct net_device *from, struct net_device *to, int sent,
	     int dropped, int error)
{
	return bulk(from, to, XDPCAP_REPORT_XMIT, sent, dropped, error);
}

SEC("tp_btf/xdp_bulk_tx")
int BPF_PROG(on_bulk_tx, struct net_device *dev, int sent, int dropped, int error)
{
	return bulk(dev, dev, XDPCAP_REPORT_TX, sent, dropped, error);
}

SEC("tp_btf/xdp_cpumap_enqueue")
int BPF_PROG(on_cpumap_enqueue, int map_id, unsigned int processed, unsigned int dropped, int cpu)
{
	return enqueued(map_id, processed, dropped, cpu);
}

SEC("tp_btf/napi_poll")
int BPF_PROG(on_napi_poll)
{
	return close_batch();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
