// SPDX-License-Identifier: BSD-3-Clause
// What a fate means. Nothing here asks the kernel.
#pragma once

#include <cstdint>
#include <string>

#include "recorder/record.h"

namespace xdpcap {

enum class Outcome : std::uint8_t {
  none,        // XDP_PASS, XDP_DROP: the action is the fate
  redirected,  // handed to the target's queue
  queued,      // XDP_TX, and no exception was reported
  dropped,     // the kernel refused it: see reason()
  aborted,     // XDP_ABORTED
  unknown,     // nothing was reported that could be tied to it
};

// `can_transmit`: whether XDP_TX means anything where the program runs (not in a devmap or cpumap).
Outcome outcome_of(const xdpcap_fate& fate, bool can_transmit);

// The packet went nowhere, though its program wanted it to, or the program failed.
inline bool is_failure(Outcome outcome) {
  return outcome == Outcome::dropped || outcome == Outcome::aborted;
}

// "redirected", ...; empty for none.
std::string name_of(Outcome outcome);

// Why a packet was dropped: "ENETDOWN", "tx-failed", "invalid-action"; empty for other outcomes.
std::string reason_of(const xdpcap_fate& fate, Outcome outcome);

// "ENETDOWN" for 100, "errno-4711" for what has no name.
std::string errno_name(int error_number);

// "devmap", "cpumap", ... for an enum bpf_map_type; "map" for others.
std::string map_kind(std::uint32_t map_type);

}  // namespace xdpcap
