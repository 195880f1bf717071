// SPDX-License-Identifier: BSD-3-Clause
#include "cli/service_options.hpp"

#include <CLI/CLI.hpp>

namespace xdpcap {

void ServiceOptions::declare(CLI::App& app) {
  app.add_flag("--follow", follow_,
               "When another hook is pinned at <hook> (the program was reloaded), go on with that "
               "one, in the same file");
  app.add_option("-Z,--Z", user_,
                 "Give up root after the set-up and become USER, who gets the output file; a "
                 "guardian process stays root, to empty the hook at the end")
      ->option_text("USER");
}

void ServiceOptions::check(Options& options) const {
  options.follow = follow_;
  if (user_.empty()) return;
  options.files.user = find_user(user_);
}

}  // namespace xdpcap
