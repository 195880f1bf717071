// SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only)
// What the traced programs and their test share.
#ifndef XDPCAP_TESTS_TRACED_H
#define XDPCAP_TESTS_TRACED_H

#define CHANGED_BYTES 8
#define CHANGED_TO 0xEE

enum change {
  CHANGE_NOTHING,
  CHANGE_BYTES,
  CHANGE_GROW_HEAD,
  CHANGE_SHRINK_HEAD,
  CHANGE_GROW_TAIL,
  CHANGE_SHRINK_TAIL,
};

#endif
