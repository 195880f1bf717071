// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// What the filter is, and whether it is to be printed. Parsing fills `options`, which must outlive
// `app`.
class FilterOptions {
 public:
  void declare(CLI::App& app, Options& options);

  // Says in `options` how to print the filter, if that was asked for instead of a capture.
  void choose_listing(Options& options) const;

  // Compiles the filter, whose text is `words` or in the file of -F. Throws UsageError.
  void finish(const std::vector<std::string>& words, Options& options) const;

 private:
  [[nodiscard]] std::string text(const std::vector<std::string>& words) const;

  std::string file_;
  std::array<bool, 4> listings_{};  // by FilterListing
};

}  // namespace xdpcap
