// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// A map that hook_library_test tries to pin as a hook.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} an_array SEC(".maps");
