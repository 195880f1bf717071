/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* The limit of payload_cutter, for program and control plane. */
#ifndef XDPCAP_PAYLOAD_CUTTER_H
#define XDPCAP_PAYLOAD_CUTTER_H

#define KEEP_MAX 1472 /* the payload of an Ethernet frame over IPv4 */

#endif
