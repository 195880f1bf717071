// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// What the tracing programs (in the kernel) and their reader share besides record.h: counts for
// each pair of devices, and the names of devices. Plain C, so that BPF C can include it too.
#ifndef XDPCAP_TRACING_H
#define XDPCAP_TRACING_H

#include <linux/types.h>

// Constants that are set before the programs are loaded.
struct xdpcap_limits {
  __u32 cpus;         // entries in the map of struct xdpcap_last
  __u32 ring_memory;  // bytes of a ring with its header and overhang
};

// A network device: indexes are unique in a network namespace only.
struct xdpcap_device {
  __u32 index;
  __u32 network;  // inode of the namespace; 0: not known
};

#define XDPCAP_NAME_LENGTH 16  // IFNAMSIZ
struct xdpcap_name {
  char text[XDPCAP_NAME_LENGTH];
};

enum xdpcap_report {
  XDPCAP_REPORT_REDIRECT,   // a packet each: xdp_redirect, xdp_redirect_err
  XDPCAP_REPORT_EXCEPTION,  // a packet each: xdp_exception
  XDPCAP_REPORT_XMIT,       // many at once: xdp_devmap_xmit
  XDPCAP_REPORT_TX,         // many at once: xdp_bulk_tx
  XDPCAP_REPORT_ENQUEUE,    // many at once: xdp_cpumap_enqueue
};

// The key of the counts.
struct xdpcap_pair {
  struct xdpcap_device from;
  struct xdpcap_device to;  // a CPU's number for a cpumap; 0: none
  __u32 report;             // enum xdpcap_report
  __s32 error;              // negative errno, or 0
  __u32 action;             // of XDPCAP_REPORT_EXCEPTION
  __u32 map_type;           // enum bpf_map_type, or 0
  __u32 map_id;
  __u32 source;             // of the packet; of reports of many at once: of the last packet
};

struct xdpcap_pair_count {
  __u64 packets;  // successful, if error is 0
  __u64 dropped;  // only of reports of many at once
};

#endif
