// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The members of the kernel's structs that the programs read which follow the stack (CO-RE, as in
// kernel_types.h).
#ifndef XDPCAP_STACK_TYPES_H
#define XDPCAP_STACK_TYPES_H

#include "fate/kernel_types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_xdp_entity {
	struct bpf_prog *prog;
};

struct net_device___xdp {
	struct bpf_xdp_entity xdp_state[1];
};

struct sk_buff {
	struct sk_buff *prev;
	struct net_device *dev;
	int skb_iif;
	__u16 mac_header;
	unsigned char *head;
};

struct sk_buff_head {
	struct sk_buff *prev;
};

struct sock_common {
	unsigned short skc_family;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
};

#pragma clang attribute pop

#endif
