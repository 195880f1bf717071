// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/options.hpp"

namespace xdpcap {

// The options that replay a capture file instead of capturing.
class ReplayOptions {
 public:
  void declare(CLI::App& app);
  // Fills in options.replay, if --replay was given. After the other families, whose options it
  // refuses where they make no sense. Throws UsageError.
  void check(Options& options) const;
  [[nodiscard]] bool asked() const { return !input_.empty(); }

 private:
  std::string input_;
  std::string program_;
  std::string interface_;
  bool both_ = false;
};

}  // namespace xdpcap
