// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "app/cli_names.hpp"
#include "app/options.hpp"

namespace xdpcap {

// The options that replay a capture file instead of capturing.
class ReplayOptions {
 public:
  void declare(CLI::App& app);
  // Fills in options.replay, if --replay was given. Throws UsageError, also when `app` has parsed
  // options that make no sense with it.
  void check(const CLI::App& app, Options& options) const;

 private:
  std::string input_;
  std::string program_;
  std::string interface_;
  bool both_ = false;
};

}  // namespace xdpcap
