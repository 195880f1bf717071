// SPDX-License-Identifier: BSD-3-Clause
#include "process/privileges.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.hpp"

namespace xdpcap {
namespace {

bool may_make_files(const User& user, const std::string& folder) {
  try {
    become(user);
    return ::access(folder.c_str(), W_OK | X_OK) == 0;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

User find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) throw UsageError("there is no user \"" + name + "\"");
  return {name, entry->pw_uid, entry->pw_gid};
}

// A process that became the user cannot go back, so a child tries.
void check_may_make_files(const User& user, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const pid_t child = ::fork();
  if (child < 0) throw system_error("asking what the user " + user.name + " may do", errno);
  if (child == 0) ::_exit(may_make_files(user, folder.empty() ? "." : folder) ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status == 0) return;
  throw UsageError("-Z: " + user.name + " may not make files in " +
                       (folder.empty() ? "this folder" : folder) + ", and there will be several",
                   "name another folder, or give this one to " + user.name);
}

// In this order: only root may change groups.
void become(const User& user) {
  const bool became = ::initgroups(user.name.c_str(), user.group) == 0 &&
                      ::setgid(user.group) == 0 && ::setuid(user.id) == 0;
  if (!became) throw system_error("becoming the user " + user.name, errno, "-Z needs root");
  const bool for_good = user.id == 0 || ::setuid(0) != 0;
  if (!for_good) throw Error("becoming the user " + user.name + ": root could be had back");
  // Nor may a program that is started later (compressors, -z) gain privileges.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

}  // namespace xdpcap
