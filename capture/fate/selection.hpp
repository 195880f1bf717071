// SPDX-License-Identifier: BSD-3-Clause
// Selects packets by their fate: the words of --fate=.
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
  // Words separated by commas, one of which has to match: an outcome (redirected, queued, dropped,
  // aborted, unknown, none, passed, delivered, consumed, forwarded), "failed" (dropped or aborted),
  // or a reason (ENETDOWN, tx-failed, invalid-action, NO_SOCKET, in any case). Throws UsageError.
  static FateSelection parse(std::string_view text);
  // The words that parse() accepts, with the most common reasons only.
  static std::vector<std::string> common_words();

  // The first word that no packet has unless those of XDP_PASS are followed; empty if there is
  // none.
  [[nodiscard]] std::string word_of_stack() const;

  [[nodiscard]] bool takes_all() const { return words_.empty(); }
  // The words, separated by commas.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool takes(const xdpcap_fate& fate, Outcome outcome) const;
  // The same for a fate in words: an outcome, and a reason in lower case.
  [[nodiscard]] bool takes(std::string_view outcome, std::string_view reason) const;

 private:
  std::vector<std::string> words_;  // in lower case
};

}  // namespace xdpcap
