// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Shared by the lab's programs and user space. Plain C, because BPF C includes it.
#ifndef XDPCAP_BENCH_LAB_H
#define XDPCAP_BENCH_LAB_H

#include <linux/types.h>

#define CACHE_LINE 64

// The parameters of the generator, and its results. Times are CLOCK_MONOTONIC in ns; `due` and
// `interval` are in 1/256 ns, to distinguish rates like 7 and 7.04 M packets/s.
struct generator {
	__u64 wanted;   // packets to send; a run's further repeats send nothing
	__u64 group;    // packets for each read of the clock, which takes longer than sending
	__u64 interval; // between groups; 0: as fast as possible
	__u64 sent;
	__u64 due;
	__u64 first_time;
	__u64 last_time;
	__u32 ifindex; // whose peer gets the packets
	__u32 cpu;
} __attribute__((aligned(CACHE_LINE)));

struct receiver {
	__u64 packets;
	__u64 cpu; // that received the last of them
} __attribute__((aligned(CACHE_LINE)));

#endif
