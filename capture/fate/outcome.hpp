// SPDX-License-Identifier: BSD-3-Clause
// The meaning of a fate, computed without asking the kernel.
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
};

// `can_transmit`: whether XDP_TX is valid where the program runs (not in a devmap or cpumap).
Outcome outcome_of(const xdpcap_fate& fate, bool can_transmit);

// Whether the packet was dropped although its program wanted to send it, or the program failed.
inline bool is_failure(Outcome outcome) {
  return outcome == Outcome::dropped || outcome == Outcome::aborted;
}

// "redirected", ...; empty for none.
std::string name_of(Outcome outcome);

// Why a packet was dropped: "ENETDOWN", "tx-failed", "invalid-action"; empty for other outcomes.
std::string reason_of(const xdpcap_fate& fate, Outcome outcome);

// "ENETDOWN" for 100, "errno-4711" for a number without a name.
std::string errno_name(int error_number);

// "devmap", "cpumap", ... for an enum bpf_map_type; "map" for others.
std::string map_kind(std::uint32_t map_type);

}  // namespace xdpcap
