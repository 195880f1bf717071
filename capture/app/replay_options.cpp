// SPDX-License-Identifier: BSD-3-Clause
#include "app/replay_options.hpp"

#include "base/error.hpp"

namespace xdpcap {
namespace {

void refuse_if(bool given, const std::string& option) {
  if (!given) return;
  throw UsageError(option + " is for captures from a hook", "leave it out, or leave --replay out");
}

}  // namespace

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

void ReplayOptions::check(Options& options) const {
  if (!asked()) {
    if (program_.empty() && interface_.empty() && !both_) return;
    throw UsageError("--prog, --both and --via go with --replay", "-h lists the options");
  }
  if (program_.empty()) {
    throw UsageError("--replay: which program?", "give --prog ID, PATH or NAME");
  }
  refuse_if(options.ring_bytes.has_value(), "-buffer");
  refuse_if(options.watermark.has_value(), "-watermark");
  refuse_if(options.note_ingress, "--ingress");
  refuse_if(options.wait, "--wait");
  refuse_if(options.replace, "--replace");
  refuse_if(options.service.follow, "--follow");
  refuse_if(options.service.user.has_value(), "-Z");
  refuse_if(options.fates.has_value(), "--fate");
  refuse_if(options.print, "--print");
  refuse_if(options.json, "--json");
  const CaptureLimits& limits = options.limits;
  refuse_if(limits.packets != kUnlimited || limits.duration != 0 || !limits.command.empty() ||
                !limits.rotation.one_file(),
            "an option that ends a file or a capture");
  options.replay = {.input = input_, .program = program_, .interface = interface_, .both = both_};
}

}  // namespace xdpcap
