// SPDX-License-Identifier: BSD-3-Clause
// The options of a flight recording (--last), as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap {

// A filter over captured packets. With offsets as --offset has them.
struct TriggerFilter {
  std::string text;
  CbpfProgram program;
  std::vector<std::uint32_t> offsets;
};

struct FlightOptions {
  std::uint64_t window = 0;            // ns: no packets older than this; 0: of any age
  std::uint64_t bytes = 0;             // of packets, at most; 0: a part of the memory
  std::uint64_t after = 0;             // ns from a trigger to the end of its file
  std::vector<XdpAction> actions;      // packets with these actions are triggers,
  std::vector<TriggerFilter> filters;  // and so are packets that match these
};

}  // namespace xdpcap
