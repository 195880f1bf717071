// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.hpp"

namespace xdpcap {

// Whether it cannot do without one.
bool takes_value(const CLI::Option& option);

// Divides the words of a command line into options and operands.
class OptionReader {
 public:
  OptionReader(const CLI::App& app, const std::vector<std::string>& arguments);
  // Throws UsageError for an unknown or refused option, or a missing value.
  CommandLine read();

 private:
  [[nodiscard]] bool is_option(const std::string& word) const;
  void take(const std::string& word);
  void take_long(const std::string& typed, const std::string& word);
  void take_bundle(const std::string& word);
  static void take_other(const std::string& name, const std::string& value);
  void add(TypedOption typed);
  // The word after an option.
  std::string next_value(const std::string& name, const std::string& placeholder);
  [[nodiscard]] bool is_misspelt(const std::string& word) const;
  [[nodiscard]] std::string nearest_to(const std::string& typed) const;
  [[noreturn]] void refuse_unknown(const std::string& typed) const;

  const CLI::App& app_;
  const std::vector<std::string>& arguments_;
  std::vector<std::string>::const_iterator next_;
  CommandLine line_;
};

}  // namespace xdpcap
