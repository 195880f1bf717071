// SPDX-License-Identifier: BSD-3-Clause
// What became of the packets that were passed to the network stack, counted as they are read from
// the rings.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fate/fate_counts.hpp"
#include "fate/names.hpp"
#include "output/statistics.hpp"
#include "recorder/record.h"

namespace xdpcap {

class StackCounts {
 public:
  // Counts a packet whose fate is final, if it was passed.
  void add(std::uint32_t interface_id, const xdpcap_fate& fate) {
    if (fate.state < XDPCAP_FATE_PASSED) return;
    const Key key{.interface_id = interface_id,
                  .ingress = fate.ingress,
                  .network = fate.ingress_namespace,
                  .state = fate.state,
                  .reason = fate.state == XDPCAP_FATE_STACK_DROPPED ? fate.error : 0};
    if (recent_ == nullptr || recent_->first != key) recent_ = &*counts_.try_emplace(key, 0).first;
    ++recent_->second;
  }

  // One line for each interface that packets came from, and below it the reasons for drops, with
  // their cause and the cure. Only of interfaces of the file that `selected` accepts. With sources,
  // by the name of theirs. Empty without packets.
  using Selected = std::function<bool(std::uint32_t interface_id)>;
  using SourceName = std::function<std::string(std::uint32_t interface_id)>;
  [[nodiscard]] std::string table(const Names& names, const Selected& selected,
                                  const SourceName& source = {}) const;
  // Objects, separated by commas.
  [[nodiscard]] std::string as_json(const Names& names, const Selected& selected) const;
  // `interfaces`: of the file.
  void add_to(FateSums& sums, const std::vector<CaptureInterface>& interfaces) const;

 private:
  struct Key {
    std::uint32_t interface_id;
    std::uint32_t ingress;
    std::uint32_t network;
    std::uint32_t state;
    std::int32_t reason;
    auto operator<=>(const Key&) const = default;
  };
  struct Row {
    std::uint64_t passed = 0;
    std::uint64_t delivered = 0;
    std::uint64_t consumed = 0;
    std::uint64_t forwarded = 0;
    std::uint64_t dropped = 0;
    std::map<std::string, std::uint64_t> reasons;
  };
  using Counts = std::map<Key, std::uint64_t>;
  using Rows = std::map<std::string, Row>;

  [[nodiscard]] Rows rows(const Names& names, const Selected& selected,
                          const SourceName& source) const;
  static void add(Row& row, const Key& key, std::uint64_t count);

  Counts counts_;
  Counts::value_type* recent_ = nullptr;
};

}  // namespace xdpcap
