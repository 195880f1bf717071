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

  declare_reading(app);
  app.option_defaults()->group("Other");
  auto* const list =
      app.add_flag("-D,--list", list_,
                   "List the pinned hooks instead of capturing: the programs that "
                   "use each, where they are attached, and who captures; then other XDP "
                   "programs and captures");
  auto* const link_types = app.add_flag(
      "-L", link_types_, "List the link types that --linktype is for, instead of capturing");
  auto* const time_types = app.add_flag("-J,--list-time-stamp-types", time_types_)->group("");
  app.add_flag("-n,--n,--nn,-p,--p,-U,--U,-l,--l", ignored_,
               "Ignored, for compatibility with tcpdump: no names are looked up, no interface "
               "becomes promiscuous, no packet is held back");
  app.add_flag("--flush", ignored_,
               "Ignored, for compatibility with xdpcap: no packet waits longer than some "
               "milliseconds");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", kProgramVersion, "Print the version");

  exclude_all_but(app, list, {"--json", "-n"});
  for (CLI::Option* mode : {link_types, time_types}) {
    exclude_all_but(app, mode, {"-i", "-n", "--linktype"});
  }
  exclude_all_but(
      app, app.get_option("-r"),
      {"--since",    "--until",  "-w",       "-c",       "--actions", "--fate",  "--only-failed",
       "--reason",   "-i",       "--print",  "-e",       "-v",        "-A",      "-X",
       "-x",         "-S",       "-H",       "-K",       "-u",        "-T",      "-E",
       "-M",         "-m",       "-t",       "--number", "-q",        "--quiet", "--color",
       "-F",         "-n",       "--flush",  "-d",       "--dd",      "--ddd",   "--dump-ebpf",
       "--linktype", "--offset", "--snaplen"});
  exclude_all_but(app, replay,
                  {"--prog", "--both", "--via", "--actions", "--snaplen", "--linktype", "--offset",
                   "-F", "-w", "--quiet", "-q", "-n", "-K"});
}

void ModeOptions::declare_reading(CLI::App& app) {
  app.option_defaults()->group("Reading");
  auto* const read = add_text(
      app, "-r", "FILE", read_.input,
      "Instead of capturing, print the packets of a capture file (pcap or pcapng, "
      "compressed or not; - is stdin) with their actions, reasons and fates. All words are "
      "the filter; --actions, --fate=LIST, --only-failed, --reason, -c and -i (an "
      "interface of the file) select packets, and -w writes them to a file");
  add_value(app, "--since", "TIME", read_.since, TimeLimit::parse,
            "Select packets from this time on: \"2026-11-27 12:00:05.25\", 12:00:05 on the day of "
            "the first packet, seconds since 1970, or +1.5, in seconds after the first packet")
      ->needs(read);
  add_value(app, "--until", "TIME", read_.until, TimeLimit::parse,
            "Select packets before this time")
      ->needs(read);
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
  const bool has_link_type =
      options.link_type.dlt != LinkType{}.dlt || !options.filter_offsets.empty();
  if (read_.input.empty() || (options.listing && has_link_type)) return;
  options.read = read_;
  if (options.listing) return;           // for the link type of the file, as tcpdump -d -r
  if (options.snaplen != kMaxSnaplen) {  // -s 0 is a habit
    throw UsageError("-s: packets of a file are as long as they are",
                     "editcap -s makes them shorter");
  }
  if (has_link_type) {
    throw UsageError("-r: the file says what its link type is",
                     "leave --linktype and --offset out");
  }
}

}  // namespace xdpcap
