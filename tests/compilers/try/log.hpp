// SPDX-License-Identifier: BSD-3-Clause
// libbpf's messages during loading, kept in case that fails.
#pragma once

#include <string>

namespace xdpcap {

void keep_log();
void clear_log();
// The verifier's last words, or libbpf's.
std::string reason_in_log();

}  // namespace xdpcap
