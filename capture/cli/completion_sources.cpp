// SPDX-License-Identifier: BSD-3-Clause
#include <net/if.h>
#include <pwd.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bpf/program_info.hpp"
#include "cli/completion.hpp"
#include "cli/request.hpp"
#include "source/inventory.hpp"

namespace xdpcap {
namespace {

using Names = std::vector<std::string>;

// Candidates are printed one on a line: paths with control characters are skipped.
Names hook_words() {
  Names paths = hook_paths();
  std::erase_if(paths, [](const std::string& path) {
    return std::any_of(path.begin(), path.end(),
                       [](unsigned char c) { return std::iscntrl(c) != 0; });
  });
  return paths;
}

Names program_names() {
  Names names;
  try {
    for (const ProgramInfo& program : loaded_xdp_programs()) names.push_back(program.name);
  } catch (const Error&) {
    return {};  // not root: nothing to offer is no reason to complain in the middle of a line
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Names user_names() {
  Names names;
  ::setpwent();
  while (const passwd* user = ::getpwent()) names.emplace_back(user->pw_name);
  ::endpwent();
  return names;
}

Names interface_names() {
  Names names;
  struct if_nameindex* const all = ::if_nameindex();
  if (all == nullptr) return names;
  for (const struct if_nameindex* one = all; one->if_index != 0; ++one) {
    names.emplace_back(one->if_name);
  }
  ::if_freenameindex(all);
  return names;
}

}  // namespace

CompletionSources completion_sources() {
  return {.options = option_summaries(),
          .hooks = hook_words,
          .programs = program_names,
          .users = user_names,
          .interfaces = interface_names};
}

}  // namespace xdpcap
