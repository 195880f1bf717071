// SPDX-License-Identifier: BSD-3-Clause
// The dialog that Wireshark shows for an interface of ours: options of the command line that it has
// no way of its own for.
#pragma once

#include <string>
#include <vector>

#include "reason/entries.hpp"

namespace xdpcap {

// Braces would end the value of a sentence.
std::string without_braces(std::string text);

// The answer to --extcap-config for a source that -i takes: the options that make sense for it.
// Throws UsageError if it is none.
std::string extcap_dialog(const std::string& source);

// The answer to --extcap-reload-option: the reasons that the source's programs can give. Empty for
// other options, and if the source cannot be opened.
std::string extcap_values(const std::string& source, const std::string& option);
std::string values_of_reasons(const std::vector<ReasonEntry>& reasons);

}  // namespace xdpcap
