// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// Programs to replay, for cases that the examples do not cover.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Adds metadata before the packet, and returns no known action.
SEC("xdp")
int metadata(struct xdp_md *ctx) {
  return bpf_xdp_adjust_meta(ctx, -8) == 0 ? 7 : XDP_ABORTED;
}

// Returns the number of the interface, of which any that is no known action will do.
SEC("xdp")
int ingress(struct xdp_md *ctx) {
  return 1000 + ctx->ingress_ifindex;
}

// Whether all of a long packet is there.
SEC("xdp.frags")
int fragments(struct xdp_md *ctx) {
  return bpf_xdp_get_buff_len(ctx) > 4096 ? XDP_TX : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
