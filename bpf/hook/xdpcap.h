/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/*
 * xdpcap.h makes an XDP program capturable. It is the only header that XDP authors need.
 *
 *     #include <linux/bpf.h>          // or "vmlinux.h"
 *     #include <bpf/bpf_helpers.h>    // not needed by this header; before or after it
 *     #include "xdpcap.h"
 *
 *     XDPCAP_DEFINE_HOOK(xdpcap_hook);
 *
 *     SEC("xdp")
 *     int filter(struct xdp_md *ctx)
 *     {
 *             ...
 *             return xdpcap_exit(ctx, &xdpcap_hook, XDP_DROP);
 *     }
 *
 * The hook is a BPF_MAP_TYPE_PROG_ARRAY with a slot for each action. The loader pins it in bpffs
 * (xdpcap_hook.h does); the capture tool installs a recorder in each slot that it captures. A
 * recorder records the packet and returns the action of its slot, so the verdict never changes.
 *
 * A program may have several hooks, and several programs may share one. Only packets that leave
 * through xdpcap_exit() are seen: use it on every return. Call it from the entry function or from
 * functions inlined into it; a tail call from a BPF-to-BPF subprogram ends that subprogram only.
 *
 * Cost without a capture: 0.4 to 1.3 ns a packet (x86-64 virtual machine, kernel 6.18). With an
 * action known at compile time the exit is a compare and a jump over the empty slot; with one
 * chosen at run time there is a bounds check and a load as well. To measure your machine:
 * build/bin/hook_bench.
 */
#ifndef XDPCAP_CPP_XDPCAP_H
#define XDPCAP_CPP_XDPCAP_H

#ifndef __VMLINUX_H__
#include <linux/bpf.h>
#endif

/*
 * Defines the hook `name`, for loaders that read BTF map definitions: libbpf (since 1.0 the only
 * kind it supports), bpftool, cilium/ebpf, Aya. Needs clang -g. One slot for each enum xdp_action.
 * The name of the struct tells the capture tool that this map is a hook, and not a jump table.
 */
#define XDPCAP_DEFINE_HOOK(name)       \
	struct xdpcap_hook_of_##name { \
		XDPCAP_HOOK_TYPE       \
	} name __attribute__((section(".maps"), used))

/*
 * The same, and loaders pin it under its name (LIBBPF_PIN_BY_NAME): bpftool in /sys/fs/bpf, ip-link
 * in /sys/fs/bpf/tc/globals, libbpf's users in pin_root_path, cilium/ebpf's in MapOptions.PinPath. A
 * hook that is pinned there already is shared with the programs that use it, which must have the
 * same expected attach type and frags setting.
 */
#define XDPCAP_DEFINE_PINNED_HOOK(name)                     \
	struct xdpcap_hook_of_##name {                      \
		XDPCAP_HOOK_TYPE                            \
		int (*pinning)[1]; /* LIBBPF_PIN_BY_NAME */ \
	} name __attribute__((section(".maps"), used))

#define XDPCAP_HOOK_TYPE                      \
	int (*type)[BPF_MAP_TYPE_PROG_ARRAY]; \
	int (*key_size)[sizeof(__u32)];       \
	int (*value_size)[sizeof(__u32)];     \
	int (*max_entries)[XDP_REDIRECT + 1];

/*
 * The rest is the interface of Cloudflare's hook.h, under its include guard: a program that
 * includes both headers uses the first one.
 */
#ifndef XDPCAP_HOOK_H
#define XDPCAP_HOOK_H

/*
 * Initialises a hook in the older style, for loaders that read struct bpf_map_def:
 *
 *     struct bpf_map_def SEC("maps") xdpcap_hook = XDPCAP_HOOK();
 */
#define XDPCAP_HOOK()                                          \
	{                                                      \
		.type = BPF_MAP_TYPE_PROG_ARRAY,               \
		.key_size = sizeof(__u32),                     \
		.value_size = sizeof(__u32),                   \
		.max_entries = XDP_REDIRECT + 1,               \
	}

/*
 * libbpf 1.0 removed struct bpf_map_def from bpf_helpers.h; this restores it for sources that rely
 * on it. (1.0 is detected by __kptr, which it added.) A program that defines the struct itself has
 * to define XDPCAP_NO_BPF_MAP_DEF first.
 */
#if defined(__BPF_HELPERS__) && defined(__kptr) && !defined(XDPCAP_NO_BPF_MAP_DEF)
struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};
#endif

/*
 * Ends the program with `action`, and lets captures on `hook` see packet and action:
 *
 *     return xdpcap_exit(ctx, &xdpcap_hook, XDP_PASS);
 *
 * is `return XDP_PASS;` after a tail call into the slot of that action. If the slot is empty, or
 * the action has none, the call fails and the program returns.
 *
 * ctx     the program's context, unchanged
 * hook    address of the hook's map
 * action  what to return; any number, constant or not
 */
static inline __attribute__((always_inline)) enum xdp_action
xdpcap_exit(struct xdp_md *ctx, void *hook, enum xdp_action action)
{
#ifdef __clang__
	/*
	 * If the verifier knows the index, the kernel patches a direct jump into the JITed code
	 * instead of bounds check, load and indirect jump (on x86-64, since Linux 5.5, commit
	 * 428d5df1fa4f).
	 * With a plain call the compiler would merge the ends of `if (x) return exit(DROP); return
	 * exit(PASS);` into one call with a variable index; assembly keeps each index constant.
	 * Binding the arguments to their registers avoids copies through callee-saved ones.
	 * "memory": writes to the packet or a map must be done before the recorder runs.
	 */
	if (__builtin_constant_p(action)) {
		register struct xdp_md *r1 __asm__("r1") = ctx;
		register void *r2 __asm__("r2") = hook;

		__asm__ volatile("r3 = %[action]\n\t"
				 "call %[tail_call]"
				 : "+r"(r1), "+r"(r2)
				 : [action] "i"(action), [tail_call] "i"(BPF_FUNC_tail_call)
				 : "r0", "r3", "r4", "r5", "memory");
		return action;
	}
#endif
	/* By the helper's number, so that bpf_helpers.h is not needed and cannot conflict. */
	((long (*)(void *, void *, __u32))BPF_FUNC_tail_call)(ctx, hook, action);
	return action;
}

#endif /* XDPCAP_HOOK_H */

/*
 * Makes every return of a program exit through a hook, without a change of the returns:
 *
 *     SEC("xdp")
 *     int XDPCAP_PROGRAM(filter, xdpcap_hook)(struct xdp_md *ctx)
 *     {
 *             ...
 *             return XDP_DROP;
 *     }
 *
 * Loaders find the program as `filter`. To the exit, its action is chosen at run time (see Cost).
 *
 * name  of the program, an entry function
 * hook  name of the hook's map
 */
#define XDPCAP_PROGRAM(name, hook)                                                          \
	name(struct xdp_md *ctx);                                                           \
	static inline __attribute__((always_inline)) int name##_body(struct xdp_md *ctx);   \
	int name(struct xdp_md *ctx)                                                        \
	{                                                                                   \
		return xdpcap_exit(ctx, &hook, (enum xdp_action)name##_body(ctx));          \
	}                                                                                   \
	static inline __attribute__((always_inline)) int name##_body

#endif /* XDPCAP_CPP_XDPCAP_H */
