// SPDX-License-Identifier: BSD-3-Clause
#include "fate/selection.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/error.hpp"
#include "base/text.hpp"
#include "fate/drop_reasons.hpp"

namespace xdpcap {
namespace {

constexpr const char* kNone = "none";
constexpr const char* kFailed = "failed";

bool is_reason(const std::string& word) {
  constexpr std::array kOwn = {"tx-failed", "redirect-failed", "invalid-action"};
  if (std::find(kOwn.begin(), kOwn.end(), word) != kOwn.end()) return true;
  constexpr int kMostErrno = 4095;  // MAX_ERRNO
  for (int error = 1; error <= kMostErrno; ++error) {
    if (to_lower(errno_name(error)) == word) return true;
  }
  return false;
}

bool is_one_of(std::span<const Outcome> outcomes, const std::string& word) {
  return std::any_of(outcomes.begin(), outcomes.end(),
                     [&](Outcome outcome) { return name_of(outcome) == word; });
}

bool is_outcome_of_stack(const std::string& word) {
  return is_one_of(
      std::array{Outcome::passed, Outcome::delivered, Outcome::consumed, Outcome::forwarded}, word);
}

bool is_outcome(const std::string& word) {
  constexpr std::array kOutcomes = {Outcome::redirected, Outcome::queued, Outcome::dropped,
                                    Outcome::aborted, Outcome::unknown};
  return word == kNone || word == kFailed || is_one_of(kOutcomes, word);
}

}  // namespace

std::vector<std::string> FateSelection::common_words() {
  return {"redirected", "queued",   "dropped",   "aborted",  "unknown",    kNone,
          kFailed,      "ENETDOWN", "ENXIO",     "EMSGSIZE", "EOPNOTSUPP", "EOVERFLOW",
          "ENOSPC",     "passed",   "delivered", "consumed", "forwarded"};
}

FateSelection FateSelection::parse(std::string_view text) {
  FateSelection selection;
  for (const std::string_view part : split(text, ',')) {
    const std::string word = to_lower(trim(part));
    if (!is_outcome(word) && !is_reason(word) && !is_outcome_of_stack(word) &&
        !is_drop_reason(word)) {
      throw UsageError("--fate: \"" + std::string(trim(part)) + "\" is not a fate",
                       "fates are redirected, queued, dropped, aborted, unknown, none, failed "
                       "(dropped or aborted), or a reason such as ENETDOWN; with --stack, also "
                       "passed, delivered, consumed, forwarded, or a reason such as NO_SOCKET");
    }
    selection.words_.push_back(word);
  }
  return selection;
}

std::string FateSelection::text() const {
  return join(words_, ",");
}

std::string FateSelection::word_of_stack() const {
  const auto found = std::find_if(words_.begin(), words_.end(), [](const std::string& word) {
    return !is_outcome(word) && !is_reason(word);
  });
  return found != words_.end() ? *found : std::string();
}

bool FateSelection::takes(const xdpcap_fate& fate, Outcome outcome) const {
  if (takes_all()) return true;
  const std::string name = outcome == Outcome::none ? kNone : name_of(outcome);
  return takes(name, to_lower(reason_of(fate, outcome)));
}

bool FateSelection::takes(std::string_view outcome, std::string_view reason) const {
  if (takes_all()) return true;
  const bool failed = outcome == name_of(Outcome::dropped) || outcome == name_of(Outcome::aborted);
  return std::any_of(words_.begin(), words_.end(), [&](const std::string& word) {
    return word == outcome || word == reason || (word == kFailed && failed);
  });
}

}  // namespace xdpcap
