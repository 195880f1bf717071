// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// What users of tcpdump type without thinking, and how they want to see what is going on.
class HabitOptions {
 public:
  void declare(CLI::App& app);
  // Takes the hook and the output off the front of `words`: no hook for a replay, and no output
  // where -w has named it. Throws UsageError.
  void take_places(std::vector<std::string>& words, Options& options) const;
  void check(Options& options) const;  // Throws UsageError.

 private:
  void refuse_other_ways() const;

  std::string file_;
  std::string interface_;
  std::string read_;
  bool ignored_ = false;
  bool print_ = false;
  bool json_ = false;
};

}  // namespace xdpcap
