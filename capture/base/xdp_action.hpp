// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// XdpAction is what an XDP program returned: one of enum xdp_action (linux/bpf.h), or any other
// number, if the hook has a slot for it. It is also the index into the hook's PROG_ARRAY.
class XdpAction {
 public:
  constexpr explicit XdpAction(std::uint32_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }
  // "aborted", "drop", "pass", "tx", "redirect"; "entry" for kAtEntry; "xdpAction(N)" for any other
  // number N.
  [[nodiscard]] std::string name() const;

  friend constexpr auto operator<=>(XdpAction, XdpAction) = default;

 private:
  std::uint32_t value_;
};

// Stands in for the action of packets that are captured before the program runs: "entry".
inline constexpr XdpAction kAtEntry{~std::uint32_t{0}};

// Parses one action: a name in any case, with or without "XDP_" in front, or a decimal number.
// Throws UsageError.
XdpAction parse_action(std::string_view text);

// Parses a list separated by commas, with spaces allowed around each: sorted, each action once.
// Throws UsageError, also for an empty list or an empty element.
std::vector<XdpAction> parse_actions(std::string_view text);

}  // namespace xdpcap
