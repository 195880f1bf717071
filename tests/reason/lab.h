/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/*
 * What the packets of these tests say, so that each shows in the file what it must have got:
 *
 *   0   action
 *   1   enum way
 *   2   number
 *   6   which program it was for, as a check
 */
#ifndef XDPCAP_TESTS_REASON_LAB_H
#define XDPCAP_TESTS_REASON_LAB_H

enum way {
	NO_REASON,
	FIRST_REASON,
	SECOND_REASON,
	RULE,
	OTHER_HOOK, /* a reason, but through another hook */
	NO_EXIT,    /* a reason, and then no exit */
	WAYS
};

#endif
