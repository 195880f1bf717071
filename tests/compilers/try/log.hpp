// SPDX-License-Identifier: BSD-3-Clause
// What libbpf says while it loads, kept for when that fails.
#pragma once

#include <string>

namespace xdpcap {

void keep_log();
void clear_log();
// The verifier's last words, or libbpf's.
std::string reason_in_log();

}  // namespace xdpcap
