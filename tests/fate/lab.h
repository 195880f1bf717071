// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// The values of the first byte of a lab frame.
#ifndef XDPCAP_FATE_LAB_H
#define XDPCAP_FATE_LAB_H

enum {
  TRY_ABORTED,
  TRY_DROP,
  TRY_PASS,
  TRY_TX,
  TRY_DEVMAP,
  TRY_CPUMAP,
  TRY_INDEX,
  TRY_INVALID,
};

#endif
