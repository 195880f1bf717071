// SPDX-License-Identifier: BSD-3-Clause
// The comment that replaces a packet's fate in the file. Fates repeat, so comments are cached.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fate/names.hpp"
#include "fate/selection.hpp"
#include "recorder/record.h"

namespace xdpcap {

// "fate=dropped reason=ENETDOWN to=veth2(7) via=devmap#12[3] ingress=6 ifname=veth1 rxq=0
// prog=xdp_fw#115", in this order; unknown and inapplicable parts are omitted.
std::string describe(xdpcap_fate fate, Outcome outcome, const Names& names);

class FateComments {
 public:
  struct Comment {
    bool selected;                  // its packets are written
    bool is_trigger;                // of --last
    std::vector<std::byte> option;  // a pcapng option (opt_comment), padded
  };

  // `triggers`: fates that are triggers; nothing: none.
  FateComments(const Names& names, FateSelection selection,
               std::optional<FateSelection> triggers = std::nullopt)
      : names_(names), selection_(std::move(selection)), triggers_(std::move(triggers)) {}

  // Programs in a devmap or cpumap cannot transmit. To be called before the first of().
  void set_can_transmit(bool can_transmit) { can_transmit_ = can_transmit; }

  // Stays valid until clear_if_large().
  const Comment& of(const xdpcap_fate& fate) {
    if (recent_ != nullptr && same(recent_->first, fate)) return recent_->second;
    return look_up(fate);
  }

  // To be called between writes: clears the cache if it is large (a map with thousands of keys), to
  // limit the memory.
  void clear_if_large();
  [[nodiscard]] std::size_t known() const { return known_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const xdpcap_fate& fate) const;
  };
  struct Equal {
    bool operator()(const xdpcap_fate& a, const xdpcap_fate& b) const { return same(a, b); }
  };
  using Known = std::unordered_map<xdpcap_fate, Comment, Hash, Equal>;

  static bool same(const xdpcap_fate& a, const xdpcap_fate& b);
  const Comment& look_up(const xdpcap_fate& fate);

  const Names& names_;
  FateSelection selection_;
  std::optional<FateSelection> triggers_;
  bool can_transmit_ = true;
  Known known_;
  const Known::value_type* recent_ = nullptr;
};

}  // namespace xdpcap
