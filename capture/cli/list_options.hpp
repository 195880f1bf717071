// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "cli/request.hpp"

namespace xdpcap {

// The options that look for hooks instead of capturing from one.
class ListOptions {
 public:
  // Declares --json only if no family before it has.
  void declare(CLI::App& app);
  // What was asked for, if it was. Throws UsageError when there is anything else on the command
  // line, of which `typed` are the options.
  [[nodiscard]] std::optional<ListRequest> request(const std::vector<const CLI::Option*>& typed,
                                                   const std::vector<std::string>& words) const;

 private:
  bool list_ = false;
  const CLI::Option* json_ = nullptr;
};

}  // namespace xdpcap
