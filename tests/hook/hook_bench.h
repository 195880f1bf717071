/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* Shared by hook_bench and its programs. */
#pragma once

/* The kernel refuses more than 33 tail calls a packet (MAX_TAIL_CALL_CNT), a shorter way out. */
#define EXITS 32
