// SPDX-License-Identifier: BSD-3-Clause
#include "cli/list_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hpp"
#include "cli/option_conflicts.hpp"

namespace xdpcap {

void ListOptions::declare(CLI::App& app) {
  app.add_flag("--list", list_,
               "List the pinned hooks instead of capturing: who uses each, where it is attached, "
               "and who captures from it");
  json_ = app.get_option_no_throw("--json");
  if (json_ == nullptr) json_ = app.add_flag("--json")->description("With --list: as JSON");
}

std::optional<ListRequest> ListOptions::request(const std::vector<const CLI::Option*>& typed,
                                                const std::vector<std::string>& words) const {
  if (!list_) return std::nullopt;
  check_conflicts(typed, "--list", {"--json"});
  if (!words.empty()) {
    throw UsageError("--list: takes no further words, not \"" + words.front() + "\"");
  }
  return ListRequest{std::find(typed.begin(), typed.end(), json_) != typed.end()};
}

}  // namespace xdpcap
