// SPDX-License-Identifier: BSD-3-Clause
#include "cli/mode_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>

#include "base/error.hpp"
#include "base/version.hpp"
#include "cli/option_values.hpp"

namespace xdpcap {
namespace {

// So that no option is accepted and then ignored, not even one that is added later.
void exclude_all_but(CLI::App& app, CLI::Option* mode, std::initializer_list<const char*> allowed) {
  for (CLI::Option* option : app.get_options()) {
    const bool is_allowed = std::any_of(allowed.begin(), allowed.end(),
                                        [&](const char* name) { return option->check_name(name); });
    if (option != mode && !is_allowed) mode->excludes(option);
  }
}

}  // namespace

void ModeOptions::declare(CLI::App& app) {
  app.option_defaults()->group("Replay");
  auto* const replay =
      add_text(app, "--replay", "FILE", replay_.input,
               "Instead of capturing, run a loaded XDP program (--prog) on the packets of this "
               "capture file, and write each as the program left it, with its action");
  auto* const program =
      add_text(app, "--prog", "PROGRAM", replay_.program,
               "The program to run: its id, the path where it is pinned, or its name");
  replay->needs(program);
  program->needs(replay);
  app.add_flag("--both", replay_.both, "Write each packet before and after the program")
      ->needs(replay);
  add_text(app, "--via", "IFACE", replay_.interface,
           "The interface that packets appear to arrive on, for programs that look up routes")
      ->needs(replay);

  app.option_defaults()->group("Other");
  auto* const list =
      app.add_flag("-D,--list", list_,
                   "List the pinned hooks instead of capturing: the programs that "
                   "use each, where they are attached, and who captures; then other XDP "
                   "programs and captures");
  auto* const link_types = app.add_flag(
      "-L", link_types_, "List the link types that --linktype is for, instead of capturing");
  auto* const time_types = app.add_flag("-J,--list-time-stamp-types", time_types_)->group("");
  app.add_flag("-n,--n,--nn,-p,--p,-U,--U,-l,--l,-K,--K", ignored_,
               "Ignored, for compatibility with tcpdump: no names are looked up, no interface "
               "becomes promiscuous, no packet is held back");
  app.add_flag("--flush", ignored_,
               "Ignored, for compatibility with xdpcap: no packet waits longer than some "
               "milliseconds");
  app.add_option("-r", read_)->option_text("FILE")->group("");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", kProgramVersion, "Print the version");

  exclude_all_but(app, list, {"--json", "-n"});
  for (CLI::Option* mode : {link_types, time_types}) {
    exclude_all_but(app, mode, {"-i", "-n", "--linktype"});
  }
  exclude_all_but(app, replay,
                  {"--prog", "--both", "--via", "--actions", "--snaplen", "--linktype", "--offset",
                   "-F", "-w", "--quiet", "-n"});
}

std::string ModeOptions::list_of_types() const {
  // Others are for packets that are no frames, and known by name only.
  if (link_types_) {
    return "Data link types of packets at XDP programs (use option -y to set):\n"
           "  EN10MB (Ethernet)\n"
           "  RAW (Raw IP), of interfaces without a link layer\n";
  }
  if (time_types_) return "Time stamp types (use option -j to set):\n  host (Host)\n";
  return {};
}

void ModeOptions::finish(Options& options) const {
  if (!replay_.input.empty()) options.replay = replay_;
  if (options.listing) return;  // of a filter: tcpdump -d, too, takes -i and -r
  if (!read_.empty()) {
    throw UsageError("-r is not supported",
                     "tcpdump -r and Wireshark read captures; tshark -C xdpcap -r shows actions");
  }
}

}  // namespace xdpcap
