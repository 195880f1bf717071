// SPDX-License-Identifier: BSD-3-Clause
// libbpf's messages: printed immediately (-v), or kept to explain a failure in one line.
#pragma once

#include <string>
#include <string_view>

namespace xdpcap::loader {

// Takes over libbpf's messages, which are one stream for the whole process.
void take_libbpf_log(bool verbose);

// The line of the messages so far that has the reason of a failure.
std::string libbpf_reason();

// That line of `messages`: the verifier's last lines before its statistics if there is a verifier
// log, else the first message; without the prefix "libbpf: "; empty if there is none.
std::string reason_in(std::string_view messages);

}  // namespace xdpcap::loader
