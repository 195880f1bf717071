// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The programs of the bench's lab: the traffic generator, run with BPF_PROG_TEST_RUN and
// BPF_F_TEST_XDP_LIVE_FRAMES, and those on the receiving end of the veth pair.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "lab.h"
#include "xdpcap.h"

struct generator generator;
struct receiver receiver;

XDPCAP_DEFINE_HOOK(hook);

#define FRACTION_BITS 8
// Packets between two reads of the clock if it is not needed for pacing.
#define LOOK_EVERY 64
// A generator that falls further behind (its CPU was taken away) does not catch up: the burst would
// exceed the requested rate.
#define MOST_BEHIND (100000ULL << FRACTION_BITS)
// The verifier requires a bound for every loop. If the packet is not due by then, this repeat sends
// nothing.
#define MOST_LOOKS 2000

static __always_inline int wait_until_due(void)
{
	__u64 now = 0;

	for (int i = 0; i < MOST_LOOKS; i++) {
		now = bpf_ktime_get_ns() << FRACTION_BITS;
		if (now >= generator.due)
			break;
	}
	if (now < generator.due)
		return 0;
	if (now - generator.due > MOST_BEHIND)
		generator.due = now;
	generator.due += generator.interval;
	generator.last_time = now >> FRACTION_BITS;
	return 1;
}

// Whether a packet is to be sent now.
static __always_inline int should_send(void)
{
	if (generator.sent >= generator.wanted)
		return 0;
	if (generator.interval) {
		if (generator.sent % generator.group == 0 && !wait_until_due())
			return 0;
	} else if (generator.sent % LOOK_EVERY == 0) {
		generator.last_time = bpf_ktime_get_ns();
	}
	if (!generator.first_time) {
		generator.first_time = generator.last_time;
		generator.cpu = bpf_get_smp_processor_id();
	}
	generator.sent++;
	return 1;
}

SEC("xdp")
int generate(struct xdp_md *ctx __attribute__((unused)))
{
	return should_send() ? bpf_redirect(generator.ifindex, 0) : XDP_DROP;
}

// The receiver runs only on the generator's CPU, so no atomics are needed.
static __always_inline void count(void)
{
	if (receiver.packets++ % LOOK_EVERY == 0)
		receiver.cpu = bpf_get_smp_processor_id();
}

SEC("xdp")
int drop_hooked(struct xdp_md *ctx)
{
	count();
	return xdpcap_exit(ctx, &hook, XDP_DROP);
}

// Sender and receiver in one, without an interface between them.
SEC("xdp")
int generate_and_drop_hooked(struct xdp_md *ctx)
{
	if (!should_send())
		return XDP_DROP;
	count();
	return xdpcap_exit(ctx, &hook, XDP_DROP);
}

SEC("xdp")
int drop_bare(struct xdp_md *ctx __attribute__((unused)))
{
	count();
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
