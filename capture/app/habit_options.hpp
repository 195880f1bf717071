// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/options.hpp"

namespace xdpcap {

// What users of tcpdump type without thinking, and how they want to see what is going on.
class HabitOptions {
 public:
  void declare(CLI::App& app);
  // Takes the hook and the output off the front of `words`; with -w only the hook. Throws
  // UsageError.
  void take_hook_and_output(std::vector<std::string>& words, Options& options) const;
  void check(Options& options) const;  // Throws UsageError.

 private:
  void refuse_other_ways() const;

  std::string file_;
  std::string interface_;
  std::string read_;
  int ignored_ = 0;
  bool print_ = false;
  bool json_ = false;
};

}  // namespace xdpcap
