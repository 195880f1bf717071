// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <string>

namespace xdpcap {

struct User {
  std::string name;
  uid_t id = 0;
  gid_t group = 0;
};

// Throws UsageError if there is no user of that name.
User find_user(const std::string& name);

// Throws UsageError if the user may not create files in the folder of `path`.
void check_may_make_files(const User& user, const std::string& path);

// Irrevocably becomes that user, with that user's groups and without capabilities. Throws Error.
void become(const User& user);

}  // namespace xdpcap
