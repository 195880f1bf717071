// SPDX-License-Identifier: BSD-3-Clause
#include "base/xdp_action.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"aborted", "drop", "pass", "tx", "redirect"};

}  // namespace

std::string XdpAction::name() const {
  if (value_ < kNames.size()) return std::string(kNames.at(value_));
  if (*this == kAtEntry) return "entry";
  return "xdpAction(" + std::to_string(value_) + ")";
}

XdpAction parse_action(std::string_view text) {
  const std::string word = to_lower(trim(text));
  std::string_view name = word;
  if (name.starts_with("xdp_")) name.remove_prefix(4);

  const auto* known = std::find(kNames.begin(), kNames.end(), name);
  if (known != kNames.end()) return XdpAction(static_cast<std::uint32_t>(known - kNames.begin()));

  if (const auto number = parse_number<std::uint32_t>(word)) return XdpAction(*number);
  throw UsageError("unknown action \"" + std::string(trim(text)) + "\"",
                   "actions are aborted, drop, pass, tx, redirect, or slot numbers");
}

std::vector<XdpAction> parse_actions(std::string_view text) {
  std::vector<XdpAction> actions;
  for (const std::string_view word : split(text, ',')) actions.push_back(parse_action(word));
  std::sort(actions.begin(), actions.end());
  actions.erase(std::unique(actions.begin(), actions.end()), actions.end());
  return actions;
}

}  // namespace xdpcap
