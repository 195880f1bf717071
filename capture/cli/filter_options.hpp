// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// The options that say what the filter is, and those that show it.
class FilterOptions {
 public:
  void declare(CLI::App& app);

  // How to show the filter, if that was asked for instead of a capture.
  [[nodiscard]] std::optional<FilterListing> listing() const;

  // Compiles the filter, whose text is `words` or in the file of -F. Throws UsageError.
  void check(const std::vector<std::string>& words, Options& options) const;

 private:
  [[nodiscard]] std::string text(const std::vector<std::string>& words) const;

  std::string link_type_;
  std::string file_;
  std::string offsets_;
  std::array<bool, 4> listings_{};  // by FilterListing
};

}  // namespace xdpcap
