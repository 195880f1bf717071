// SPDX-License-Identifier: BSD-3-Clause
// Which fates a packet must have had to be written: the words behind --fate=.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fate/outcome.hpp"

namespace xdpcap {

class FateSelection {
 public:
  // Every packet.
  FateSelection() = default;
  // Words separated by commas, of which one has to fit: an outcome (redirected, queued, dropped,
  // aborted, unknown, none), "failed" (dropped or aborted), or a reason (ENETDOWN, tx-failed,
  // invalid-action, in any case). Throws UsageError.
  static FateSelection parse(std::string_view text);
  // The words that parse() takes, of the reasons only those that are met with most.
  static std::vector<std::string> common_words();

  [[nodiscard]] bool takes_all() const { return words_.empty(); }
  [[nodiscard]] bool takes(const xdpcap_fate& fate, Outcome outcome) const;

 private:
  std::vector<std::string> words_;  // in lower case
};

}  // namespace xdpcap
