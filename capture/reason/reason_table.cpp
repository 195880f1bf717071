// SPDX-License-Identifier: BSD-3-Clause
#include "reason/reason_table.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "base/json_text.hpp"

namespace xdpcap {
namespace {

// "drop", or "eth0 drop".
std::string action_text(const ReasonCount& one, const std::vector<std::string>& sources) {
  const std::string source = sources.size() > 1 ? sources.at(one.interface.source) + ' ' : "";
  return source + one.interface.action.name();
}

std::string as_json(const ReasonCount& one, const std::vector<std::string>& sources) {
  std::string object = "{" + json_member("action", one.interface.action.name());
  if (sources.size() > 1) {
    object += "," + json_member("source", sources.at(one.interface.source));
  }
  object += "," + json_member("packets", one.packets);
  if (one.reason == nullptr) return object + R"(,"reason":null})";
  return object + "," + json_member("reason", one.reason->text) + "," +
         json_member("file", one.reason->file) + "," + json_member("line", one.reason->line) + "}";
}

}  // namespace

std::string reason_table(std::vector<ReasonCount> counts, const std::vector<std::string>& sources) {
  if (counts.empty()) return {};
  std::ranges::stable_sort(counts, std::ranges::greater(), &ReasonCount::packets);
  constexpr std::string_view kAction = "action";
  std::size_t width = kAction.size();
  for (const ReasonCount& one : counts) width = std::max(width, action_text(one, sources).size());
  std::ostringstream text;
  const auto line = [&](std::string_view action, const auto& packets, const std::string& reason) {
    text << std::left << std::setw(static_cast<int>(width)) << action << std::right << std::setw(12)
         << packets << "  " << reason << '\n';
  };
  line(kAction, "packets", "reason");
  for (const ReasonCount& one : counts) {
    line(action_text(one, sources), one.packets,
         one.reason == nullptr ? "(none)" : one.reason->text + " (" + one.reason->place() + ")");
  }
  return text.str();
}

std::string reasons_as_json(const std::vector<ReasonCount>& counts,
                            const std::vector<std::string>& sources) {
  std::string array;
  for (const ReasonCount& one : counts) array += (array.empty() ? "" : ",") + as_json(one, sources);
  return "[" + array + "]";
}

}  // namespace xdpcap
