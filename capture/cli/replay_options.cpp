// SPDX-License-Identifier: BSD-3-Clause
#include "cli/replay_options.hpp"

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "cli/option_conflicts.hpp"

namespace xdpcap {
void ReplayOptions::declare(CLI::App& app) {
  app.add_option("--replay", input_,
                 "Instead of capturing, run a loaded XDP program (--prog) over the packets of this "
                 "capture file, and write each as it came out, with its action")
      ->option_text("FILE");
  app.add_option("--prog", program_,
                 "The program to run: its id, the path where it is pinned, or its name")
      ->option_text("PROGRAM");
  app.add_flag("--both", both_, "With --replay: write each packet before and after the program");
  app.add_option("--via", interface_,
                 "With --replay: the interface that packets seem to come in by, for programs that "
                 "look up routes")
      ->option_text("IFACE");
}

void ReplayOptions::check(const std::vector<const CLI::Option*>& typed, Options& options) const {
  if (input_.empty()) {
    if (program_.empty() && interface_.empty() && !both_) return;
    throw UsageError("--prog, --both and --via go with --replay", "-h lists the options");
  }
  check_conflicts(typed, "--replay",
                  {"--prog", "--both", "--via", "--actions", "--snaplen", "--linktype", "--offset",
                   "-F", "-w", "--quiet", "-n"});
  if (program_.empty()) {
    throw UsageError("--replay: no program given", "add --prog with its id, path or name");
  }
  options.replay = {.input = input_, .program = program_, .interface = interface_, .both = both_};
}

}  // namespace xdpcap
