// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace xdpcap {

// Makes `ps` show this process as `title` (truncated to the size of its command line and
// environment), and `ps -o comm` and top as `name` (15 characters). getenv() and child processes
// still see the environment.
void set_process_title(const std::string& title, const std::string& name);

}  // namespace xdpcap
