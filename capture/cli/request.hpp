// SPDX-License-Identifier: BSD-3-Clause
// The command line, as plain values. Parsing creates and changes nothing.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/extcap.hpp"
#include "cli/help.hpp"
#include "session/options.hpp"

namespace xdpcap {

// Help is text that was asked for instead of a capture.
struct Help {
  std::string text;
};

// ListRequest asks which hooks there are, instead of capturing.
struct ListRequest {
  bool json = false;
};

// CompletionRequest asks what could come next on a command line, see completion.hpp.
struct CompletionRequest {
  std::vector<std::string> words;
};

using Request = std::variant<Options, Help, ListRequest, CompletionRequest, ExtcapQuery>;

// `arguments` are those after the program's name. Throws UsageError.
Request parse_options(const std::vector<std::string>& arguments);

// What -h says of each option, in the order of their declaration, without the hidden ones. "-q"
// that is also "--q", so that Go's way of writing options works for it, has one name.
std::vector<OptionSummary> option_summaries();

}  // namespace xdpcap
