// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The members of the kernel's structs that the tracing programs read. Their offsets come from the
// running kernel's BTF when the programs are loaded (CO-RE).
#ifndef XDPCAP_KERNEL_TYPES_H
#define XDPCAP_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	char name[16];
	int ifindex;
	possible_net_t nd_net;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_map {
	__u32 id;
	enum bpf_map_type map_type;
};

struct napi_struct {
	struct net_device *dev;
};

#pragma clang attribute pop

// "must be first member, due to tracepoint" (kernel/bpf/devmap.c).
struct devmap_target {
	struct net_device *dev;
};

#endif
