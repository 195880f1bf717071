// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace xdpcap {

// Makes `ps` show this process as `title` (cut to the room that its command line and environment
// have), and `ps -o comm` and top as `name` (15 characters). getenv() and programs that are started
// still see the environment.
void set_process_title(const std::string& title, const std::string& name);

}  // namespace xdpcap
