/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The keys of the rule tables, for program and control plane. */
#ifndef XDPCAP_BASIC_FIREWALL_H
#define XDPCAP_BASIC_FIREWALL_H

#include <linux/types.h>

#define RULES_MAX 10000

/* Keys as BPF_MAP_TYPE_LPM_TRIE expects them: the prefix length in bits, in host byte order, and the
 * address in network byte order. The value is the number of the rule. */
struct ipv4_key {
	__u32 prefix_length;
	__u8 address[4];
};

struct ipv6_key {
	__u32 prefix_length;
	__u8 address[16];
};

#endif
