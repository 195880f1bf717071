// SPDX-License-Identifier: BSD-3-Clause
// The meaning of a fate.
#pragma once

#include <cstdint>
#include <string>

#include "recorder/record.h"

namespace xdpcap {

enum class Outcome : std::uint8_t {
  none,        // XDP_PASS, XDP_DROP: nothing to add to the action
  redirected,  // added to the target's queue
  queued,      // XDP_TX, and no exception was reported
  dropped,     // the kernel refused it: see reason()
  aborted,     // XDP_ABORTED
  unknown,     // nothing was reported that could be tied to it
  // Only if packets of XDP_PASS are followed, as is `dropped` of the network stack:
  passed,     // to the network stack; nothing else is known
  delivered,  // into a socket's queue, or to an established TCP connection
  consumed,   // the kernel itself had use for it, or a copy of it goes on
  forwarded,  // added to the queue of another device
};

// `can_transmit`: whether XDP_TX is valid where the program runs (not in a devmap or cpumap).
Outcome outcome_of(const xdpcap_fate& fate, bool can_transmit);

// "redirected", ...; empty for none.
std::string name_of(Outcome outcome);

// Whether the network stack dropped it.
inline bool is_dropped_by_stack(const xdpcap_fate& fate) {
  return fate.state == XDPCAP_FATE_STACK_DROPPED;
}

// Why a packet was dropped: "ENETDOWN", "tx-failed", "invalid-action", or the kernel's name for a
// reason of the network stack, such as "NO_SOCKET"; empty for other outcomes.
std::string reason_of(const xdpcap_fate& fate, Outcome outcome);

// "ENETDOWN" for 100, "errno-4711" for a number without a name.
std::string errno_name(int error_number);

// "devmap", "cpumap", ... for an enum bpf_map_type; "map" for others.
std::string map_kind(std::uint32_t map_type);

}  // namespace xdpcap
