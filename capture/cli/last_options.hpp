// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "output/flight_options.hpp"
#include "session/options.hpp"

namespace xdpcap {

// Keeps the last packets in memory, and writes them when something happens: --last, --trigger,
// --after.
class LastOptions {
 public:
  // To be called after the options that --last excludes have been declared.
  void declare(CLI::App& app);
  // What depends on several options; before the output's. Throws UsageError.
  void finish(Options& options) const;

 private:
  std::optional<FlightOptions> last_;
  std::uint64_t after_ = 0;
  std::vector<std::string> triggers_;
};

}  // namespace xdpcap
