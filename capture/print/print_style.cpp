// SPDX-License-Identifier: BSD-3-Clause
#include "print/print_style.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {

// The first three are numbers.
std::vector<std::string> PrintStyle::arguments() const {
  std::vector<std::string> all = {std::to_string(static_cast<unsigned>(time)),
                                  std::to_string(static_cast<unsigned>(color)),
                                  std::to_string(static_cast<unsigned>(number))};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

PrintStyle PrintStyle::of_arguments(std::span<const std::string> arguments) {
  constexpr std::size_t kNumbers = 3;
  if (arguments.size() < kNumbers) throw UsageError("printing packets: arguments are missing");
  const auto number = [&](std::size_t at) {
    return parse_number<std::uint8_t>(arguments[at]).value_or(0);
  };
  const auto words = arguments.subspan(kNumbers);
  return {.time = static_cast<PrintTime>(number(0)),
          .color = static_cast<Color>(number(1)),
          .number = number(2) != 0,
          .words = {words.begin(), words.end()}};
}

}  // namespace xdpcap
