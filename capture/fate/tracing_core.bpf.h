// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Ties the kernel's reports to packets. A report of one packet arrives on the same CPU right after
// the packet's program has returned, with no other packet in between. So it is about the last
// packet that reached a recorder there, provided that action and interface are the same. Reports of
// many packets at once are only counted.
#ifndef XDPCAP_TRACING_CORE_H
#define XDPCAP_TRACING_CORE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "fate/last_packet.bpf.h"
#include "fate/tracing.h"
#include "recorder/record.h"

// libbpf's macros declare a context in every program, used or not.
#pragma clang diagnostic ignored "-Wunused-parameter"

// The only variable in .rodata; set before loading.
const volatile struct xdpcap_limits limits = {};

// The only variable in .bss.
__u64 uncounted;  // reports for which `pairs` had no room

// The capture's own rings (record.h), by CPU.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct xdpcap_pair);
	__type(value, struct xdpcap_pair_count);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct xdpcap_device);
	__type(value, struct xdpcap_name);
} names SEC(".maps");

// The slot that a recorder left in this CPU's ring for the fate of its packet.
static __always_inline struct xdpcap_fate *slot_of(const struct xdpcap_last *last)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 zero = 0;
	__u64 at = last->fate;
	void *ring, *memory;

	if (!at)
		return 0;
	ring = bpf_map_lookup_elem(&rings, &cpu);
	if (!ring)
		return 0;
	memory = bpf_map_lookup_elem(ring, &zero);
	if (!memory)
		return 0;
	at &= 0x3ffffffc;  // changes nothing; for the verifier, as is the next check
	if (at > limits.ring_memory - sizeof(struct xdpcap_fate))
		return 0;
	return memory + at;
}

// Adds to the count of a pair. True if the pair is new.
static __always_inline int count(const struct xdpcap_pair *pair, __u64 packets, __u64 dropped)
{
	struct xdpcap_pair_count none = {};
	struct xdpcap_pair_count *sum = bpf_map_lookup_elem(&pairs, pair);
	int fresh = !sum;

	if (fresh) {
		bpf_map_update_elem(&pairs, pair, &none, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&pairs, pair);
		if (!sum) {
			// Relaxed: for a stricter order, clang 20 and newer emit an instruction that
			// needs Linux 5.12 (commit 5ca419f2864a).
			__atomic_fetch_add(&uncounted, 1, __ATOMIC_RELAXED);
			return 0;
		}
	}
	sum->packets += packets;
	sum->dropped += dropped;
	return fresh;
}

// Attributes a report to its packet. Returns 0 if it is not about a packet of the hook, 2 if its
// pair of devices is new, else 1.
static __always_inline int decide(const struct xdpcap_fate *report, __u32 kind)
{
	struct xdpcap_last *last = last_packet(limits.cpus);
	struct xdpcap_pair pair = {};
	struct xdpcap_fate *fate;

	if (!last || !last->open || last->action != report->action ||
	    last->ingress != report->ingress)
		return 0;
	last->open = 0;
	fate = slot_of(last);
	if (fate) {
		fate->ingress_namespace = report->ingress_namespace;
		fate->program = report->program;
		fate->error = report->error;
		fate->target = report->target;
		fate->target_namespace = report->target_namespace;
		fate->map_type = report->map_type;
		fate->map_id = report->map_id;
		fate->map_index = report->map_index;
		*(volatile __u32 *)&fate->state = report->state;
	}
	pair.from.index = report->ingress;
	pair.from.network = report->ingress_namespace;
	pair.to.index = report->target;
	pair.to.network = report->target_namespace;
	pair.report = kind;
	pair.error = report->error;
	pair.action = report->action;
	pair.map_type = report->map_type;
	pair.map_id = report->map_id;
	pair.source = last->source;
	return count(&pair, 1, 0) + 1;
}

// Counts a report of many packets at once, if it may be about packets of the hook: the driver is still
// processing a batch with one. True if the pair is new.
static __always_inline int count_bulk(struct xdpcap_pair *pair, __u64 packets, __u64 dropped)
{
	struct xdpcap_last *last = last_packet(limits.cpus);

	if (!last || last->ingress != pair->from.index)
		return 0;
	pair->source = last->source;
	return count(pair, packets, dropped);
}

// A cpumap's queue gets packets from all devices, so these have no `from`. They are counted while a
// driver processes a batch with packets of the hook.
static __always_inline int enqueued(__u32 map_id, __u32 processed, __u32 dropped, __u32 cpu)
{
	struct xdpcap_last *last = last_packet(limits.cpus);
	struct xdpcap_pair pair = {.report = XDPCAP_REPORT_ENQUEUE};

	pair.to.index = cpu;
	pair.map_type = BPF_MAP_TYPE_CPUMAP;
	pair.map_id = map_id;
	if (last && last->ingress) {
		pair.source = last->source;
		count(&pair, processed - dropped, dropped);
	}
	return 0;
}

// The driver is done with a batch of packets: there will be no more reports about the last one.
static __always_inline int close_batch(void)
{
	struct xdpcap_last *last = last_packet(limits.cpus);
	struct xdpcap_fate *fate;

	if (!last || !last->ingress)
		return 0;
	last->ingress = 0;
	if (!last->open)
		return 0;
	last->open = 0;
	fate = slot_of(last);
	if (fate)
		*(volatile __u32 *)&fate->state = XDPCAP_FATE_CLOSED;
	return 0;
}

#endif
