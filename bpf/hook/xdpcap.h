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
 * A program can also say why it decides as it does: see "Reasons" below.
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

/* The exit itself: what xdpcap_exit() does, and nothing about reasons. */
static inline __attribute__((always_inline)) enum xdp_action
xdpcap_tail_call(struct xdp_md *ctx, void *hook, enum xdp_action action)
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

#ifdef XDPCAP_REASONS
/*
 * Reasons. A program that defines XDPCAP_REASONS before it includes this header can tell captures
 * which of its rules or lines has decided:
 *
 *     return xdpcap_exit_reason(ctx, &xdpcap_hook, XDP_DROP, "no route to backend");
 *     return xdpcap_exit_rule(ctx, &xdpcap_hook, XDP_DROP, "blocked port", rule);
 *
 * Captured packets then have the text, the file and the line in a comment, and the number. With
 * XDPCAP_PROGRAM(), any function may set the reason before the program returns; the last one counts:
 *
 *     xdpcap_set_reason("TTL expired");
 *     xdpcap_set_rule("blocked port", rule);
 *     return xdpcap_because(XDP_DROP, "TTL expired");      // the first, and `return XDP_DROP;`
 *
 * text    a string literal
 * number  any 32-bit number, known at run time: of a rule, an entry, an error
 *
 * Text, file and line are in the section .rodata.xdpcap. At run time a reason is one 64-bit store,
 * to this CPU's word in the section .data.xdpcap, which recorders read. So that no packet shows the
 * reason of another, all exits of such a program store: xdpcap_exit() that there is none.
 *
 * Needs a loader that knows such sections (libbpf 0.6, cilium/ebpf). CPUs from XDPCAP_REASON_CPUS
 * on have no reasons. Of a program of several C files, one only may define XDPCAP_REASONS. Cost: 0.4
 * ns a packet more than an exit without reasons (see Cost), also for packets that get none.
 */
#define XDPCAP_REASON_CPUS 256
#define XDPCAP_REASON_WORDS_MAGIC 0x3173647770616378ULL /* "xcapwds1" */
#define XDPCAP_REASON_MAGIC 0x31727063U                 /* "cpr1" */
#define XDPCAP_REASON_HAS_NUMBER 1
#define XDPCAP_REASON_ANY_ACTION 0xff

/*
 * A cache line with the magic number, then one for each CPU, which begins with its word: the id of
 * the reason in bits 0 to 15 (0: none), the action in 16 to 23, or XDPCAP_REASON_ANY_ACTION, and the
 * number in 32 to 63. No struct, because skeletons would have to know it.
 */
#define XDPCAP_REASON_LINE 8
__u64 xdpcap_reason_words[(1 + XDPCAP_REASON_CPUS) * XDPCAP_REASON_LINE]
	__attribute__((weak, used, section(".data.xdpcap"))) = {XDPCAP_REASON_WORDS_MAGIC};

/*
 * The id, of an entry that describes this use. It is loaded from the entry, so that the map of the
 * entries is one of the program's.
 */
#define XDPCAP_REASON(text, flags) XDPCAP_REASON_NUMBERED(text, flags, __COUNTER__)
#define XDPCAP_REASON_NUMBERED(text_, flags_, counter_)                                       \
	({                                                                                    \
		static const struct {                                                         \
			__u32 magic;                                                          \
			__u16 size;                                                           \
			__u16 flags;                                                          \
			__u64 id;                                                             \
			__u32 line;                                                           \
			char text[sizeof("" text_)];                                          \
			char file[sizeof(__FILE_NAME__)];                                     \
		} __attribute__((aligned(8)))                                                 \
		xdpcap_reason __attribute__((used, section(".rodata.xdpcap"))) = {            \
			XDPCAP_REASON_MAGIC, sizeof(xdpcap_reason), flags_,       (counter_) + 1, \
			__LINE__,            "" text_,              __FILE_NAME__};           \
		_Static_assert((counter_) < 0xffff, "too many reasons");                      \
		_Static_assert(sizeof(xdpcap_reason) < 0xffff, "the reason is too long");     \
		*(const volatile __u64 *)&xdpcap_reason.id;                                   \
	})

static inline __attribute__((always_inline)) volatile __u64 *xdpcap_reason_word(void)
{
	__u64 cpu = ((__u64 (*)(void))BPF_FUNC_get_smp_processor_id)();

	if (cpu >= XDPCAP_REASON_CPUS)
		return (void *)0;
	return &xdpcap_reason_words[(1 + cpu) * XDPCAP_REASON_LINE];
}

static inline __attribute__((always_inline)) void xdpcap_store_reason(__u64 id, __u32 action,
								      __u32 number)
{
	volatile __u64 *word = xdpcap_reason_word();

	if (word)
		*word = id | (__u64)(action & 0xff) << 16 | (__u64)number << 32;
}

static inline __attribute__((always_inline)) enum xdp_action
xdpcap_exit_as(struct xdp_md *ctx, void *hook, enum xdp_action action, __u64 id, __u32 number)
{
	xdpcap_store_reason(id, action, number);
	return xdpcap_tail_call(ctx, hook, action);
}

/* After xdpcap_set_reason(): adds the action, now that it is known. */
static inline __attribute__((always_inline)) enum xdp_action
xdpcap_exit_as_set(struct xdp_md *ctx, void *hook, enum xdp_action action)
{
	const __u64 any = (__u64)XDPCAP_REASON_ANY_ACTION << 16;
	volatile __u64 *word = xdpcap_reason_word();
	__u64 reason = word ? *word : 0;

	if (word && reason != 0)
		*word = (reason & ~any) | (__u64)(action & 0xff) << 16;
	return xdpcap_tail_call(ctx, hook, action);
}

#define xdpcap_exit_reason(ctx, hook, action, text) \
	xdpcap_exit_as(ctx, hook, action, XDPCAP_REASON(text, 0), 0)
#define xdpcap_exit_rule(ctx, hook, action, text, number) \
	xdpcap_exit_as(ctx, hook, action, XDPCAP_REASON(text, XDPCAP_REASON_HAS_NUMBER), number)
#define xdpcap_set_reason(text) \
	xdpcap_store_reason(XDPCAP_REASON(text, 0), XDPCAP_REASON_ANY_ACTION, 0)
#define xdpcap_set_rule(text, number)                                       \
	xdpcap_store_reason(XDPCAP_REASON(text, XDPCAP_REASON_HAS_NUMBER), \
			    XDPCAP_REASON_ANY_ACTION, number)
#define xdpcap_because(action, text)     \
	({                               \
		xdpcap_set_reason(text); \
		(action);                \
	})
#endif /* XDPCAP_REASONS */

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
#ifdef XDPCAP_REASONS
	xdpcap_store_reason(0, 0, 0);
#endif
	return xdpcap_tail_call(ctx, hook, action);
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
#ifdef XDPCAP_REASONS
#define XDPCAP_BEGIN_REASONS() xdpcap_store_reason(0, 0, 0)
#define XDPCAP_END xdpcap_exit_as_set
#else
#define XDPCAP_BEGIN_REASONS()
#define XDPCAP_END xdpcap_exit
#endif
#define XDPCAP_PROGRAM(name, hook)                                                          \
	name(struct xdp_md *ctx);                                                           \
	static inline __attribute__((always_inline)) int name##_body(struct xdp_md *ctx);   \
	int name(struct xdp_md *ctx)                                                        \
	{                                                                                   \
		XDPCAP_BEGIN_REASONS();                                                     \
		return XDPCAP_END(ctx, &hook, (enum xdp_action)name##_body(ctx));           \
	}                                                                                   \
	static inline __attribute__((always_inline)) int name##_body

#endif /* XDPCAP_CPP_XDPCAP_H */
