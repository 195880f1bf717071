// SPDX-License-Identifier: BSD-3-Clause
#include "app/privileges.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {

User find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) throw UsageError("-Z: there is no user \"" + name + "\"");
  return {name, entry->pw_uid, entry->pw_gid};
}

// In this order: only root may change groups.
void become(const User& user) {
  const bool became = ::initgroups(user.name.c_str(), user.group) == 0 &&
                      ::setgid(user.group) == 0 && ::setuid(user.id) == 0;
  if (!became) throw system_error("becoming the user " + user.name, errno, "-Z needs root");
  const bool for_good = user.id == 0 || ::setuid(0) != 0;
  if (!for_good) throw Error("becoming the user " + user.name + ": root could be had back");
}

}  // namespace xdpcap
