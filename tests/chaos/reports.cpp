// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/reports.hpp"

#include <array>
#include <regex>

#include "base/text.hpp"

namespace xdpcap::chaos {
namespace {

struct Wording {
  News news;
  const char* text;  // part of the line; a line about a slot begins with "slot NAME "
};

// The first one that is part of a line counts.
constexpr std::array kWordings = {
    Wording{News::slot_taken, "accepts no recorder any more"},
    Wording{News::slot_repaired, "reinstalled the recorder"},
    Wording{News::slot_repaired, "replaced it with our own"},
    Wording{News::slot_repaired, "took it over again"},
    Wording{News::slot_taken, " was taken over by "},
    Wording{News::guardian_killed, "the guardian was killed"},
    Wording{News::pin_gone, "the hook was unpinned from "},
    Wording{News::pin_back, "the hook is pinned at "},
    Wording{News::pin_replaced, ": still capturing from the previous one"},
    Wording{News::followed, ": continuing with that one"},
    Wording{News::no_program, "no loaded program uses the hook "},
    Wording{News::program_back, "a program uses the hook "},
    Wording{News::write_failed, "No space left on device"},
    Wording{News::error, "xdpcap-cpp: "},
};

std::optional<unsigned> action_in(std::string_view line) {
  constexpr std::string_view kSlot = "slot ";
  constexpr std::array<std::string_view, 5> kNames = {"aborted", "drop", "pass", "tx", "redirect"};
  if (!line.starts_with(kSlot)) return std::nullopt;
  line.remove_prefix(kSlot.size());
  for (unsigned action = 0; action < kNames.size(); ++action) {
    if (line.starts_with(std::string(kNames.at(action)) + " ")) return action;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Report> read_report(std::string_view line) {
  for (const Wording& wording : kWordings) {
    if (line.find(wording.text) == std::string_view::npos) continue;
    return Report{.news = wording.news, .action = action_in(line), .time = now()};
  }
  return std::nullopt;
}

std::optional<Loss> read_loss(std::string_view err) {
  static const std::regex kLoss("(^|\n)([0-9]+) packets? lost of ([0-9]+) that matched");
  std::cmatch found;
  if (!std::regex_search(err.begin(), err.end(), found, kLoss)) return std::nullopt;
  return Loss{.lost = std::stoull(found[2]), .matched = std::stoull(found[3])};
}

}  // namespace xdpcap::chaos
