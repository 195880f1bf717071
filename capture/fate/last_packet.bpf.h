// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The last packet that reached a recorder on each CPU.
#ifndef XDPCAP_LAST_PACKET_BPF_H
#define XDPCAP_LAST_PACKET_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "recorder/record.h"

// One value: a struct xdpcap_last for each CPU. Recorders fill it in (record.h).
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct xdpcap_last));
} last_packets SEC(".maps");

// That of this CPU. `cpus`: how many there are.
static __always_inline struct xdpcap_last *last_packet(__u32 cpus)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 zero = 0;
	struct xdpcap_last *lines = bpf_map_lookup_elem(&last_packets, &zero);

	if (!lines || cpu >= cpus)
		return 0;
	return lines + cpu;
}

#endif
