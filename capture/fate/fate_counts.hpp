// SPDX-License-Identifier: BSD-3-Clause
// How many packets had which fate, as values.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "fate/tracer.hpp"

namespace xdpcap {

// A fate of packets of a source that got an action. A packet may have two: a redirected one is then
// sent or dropped by its device.
struct FateCount {
  std::size_t source;  // in the capture's list
  XdpAction action;
  std::string fate;    // "redirected", "sent", "dropped", ...
  std::string reason;  // of "dropped", as the kernel names it; else empty
  std::string by;      // "xdp": XDP itself; "device": a device or a CPU's queue; "stack"
  std::uint64_t packets;
};

// The sums of packets with the same fate, sorted.
class FateSums {
 public:
  void add(const FateCount& one) {
    sums_[{one.source, one.action.value(), one.fate, one.reason, one.by}] += one.packets;
  }
  // What the kernel has reported; all packets that reached recorders.
  void add(const std::vector<PairCount>& pairs);

  [[nodiscard]] std::vector<FateCount> all() const;

 private:
  struct Key {
    std::size_t source;
    std::uint32_t action;
    std::string fate;
    std::string reason;
    std::string by;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, std::uint64_t> sums_;
};

}  // namespace xdpcap
