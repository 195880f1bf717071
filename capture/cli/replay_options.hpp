// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// The options that replay a capture file instead of capturing.
class ReplayOptions {
 public:
  void declare(CLI::App& app);
  // Fills in options.replay, if --replay was given. Throws UsageError, also when among the options
  // that were typed are some that make no sense with it.
  void check(const std::vector<const CLI::Option*>& typed, Options& options) const;

 private:
  std::string input_;
  std::string program_;
  std::string interface_;
  bool both_ = false;
};

}  // namespace xdpcap
