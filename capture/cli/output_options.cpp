// SPDX-License-Identifier: BSD-3-Clause
#include "cli/output_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "base/error.hpp"
#include "cli/option_values.hpp"
#include "process/child_process.hpp"

namespace xdpcap {
namespace {

constexpr std::uint64_t kTcpdumpMegabyte = 1'000'000;
constexpr std::uint64_t kDumpcapKilobyte = 1000;

std::uint64_t parse_tcpdump_size(std::string_view text) {
  return parse_size(text, kTcpdumpMegabyte);
}

std::uint64_t parse_dumpcap_size(std::string_view text) {
  return parse_size(text, kDumpcapKilobyte);
}

std::string parse_command(const std::string& text) {
  if (is_installed(text)) return text;
  throw UsageError("there is no program " + text,
                   "it takes one program, without arguments, which gets the name of the file");
}

// A condition of dumpcap's -a and -b.
struct Condition {
  std::string name;
  std::string value;
};

Condition parse_condition(const std::string& text) {
  const auto colon = text.find(':');
  if (colon != std::string::npos) return {text.substr(0, colon), text.substr(colon + 1)};
  throw UsageError("\"" + text + "\" has no value", "write it as duration:60");
}

[[noreturn]] void refuse(const std::string& name) {
  throw UsageError("there is no condition \"" + name + "\"",
                   "the conditions are duration, filesize, files, packets and, for -b, interval");
}

void take_time(const std::string& value, bool at_multiples, Rotation& rotation) {
  if (rotation.every != 0 && rotation.at_multiples != at_multiples) {
    throw UsageError("duration and interval exclude each other", "give one of them");
  }
  rotation.every = parse_seconds(value);
  rotation.at_multiples = at_multiples;
}

void take_switch(const Condition& condition, Rotation& rotation) {
  const auto& [name, value] = condition;
  if (name == "duration" || name == "interval") {
    take_time(value, name == "interval", rotation);
  } else if (name == "printname") {
    throw UsageError("names of files are not written anywhere",
                     "-z PROGRAM runs a program with the name of each complete file");
  } else if (name == "filesize") {
    rotation.each.bytes = parse_dumpcap_size(value);
  } else if (name == "packets") {
    rotation.each.packets = parse_packets(value);
  } else if (name == "files") {
    rotation.ring = parse_files(value);
  } else {
    refuse(name);
  }
}

// A single file that is full ends the capture; with others, a file that is full is followed by the
// next one, as dumpcap has it.
void take_stop(const Condition& condition, CaptureLimits& limits) {
  const auto& [name, value] = condition;
  Rotation& rotation = limits.rotation;
  if (name == "duration") {
    limits.duration = parse_seconds(value);
  } else if (name == "filesize") {
    if (rotation.one_file()) rotation.files = 1;
    rotation.each.bytes = std::min(rotation.each.bytes, parse_dumpcap_size(value));
  } else if (name == "packets") {
    limits.packets = std::min(limits.packets, parse_packets(value));
  } else if (name == "files") {
    rotation.files = parse_files(value);
  } else {
    refuse(name);
  }
}

// -W: how many files -C and -G make.
void take_files(std::uint32_t files, Rotation& rotation) {
  if (rotation.one_file()) throw UsageError("-W: there is one file only", "-C or -G make more");
  if (rotation.each.any()) {
    rotation.ring = files;
  } else {
    rotation.files = files;
  }
}

}  // namespace

void OutputOptions::declare(CLI::App& app, Options& options) {
  app.option_defaults()->group("Files and limits");
  declare_files(app, options.files);
  app.option_defaults()->group("Terminal output");
  declare_terminal(app, options);
}

void OutputOptions::declare_files(CLI::App& app, FileOptions& files) {
  CaptureLimits& limits = files.limits;
  add_text(app, "-w", "FILE", files.path, "The output file, instead of <output>");
  add_value(app, "-c", "COUNT", limits.packets, parse_packets,
            "Stop after writing this many packets");
  add_value(app, "--duration", "SECONDS", duration_, parse_seconds, "Stop after this many seconds");
  add_text(app, "-a,--autostop", "CONDITION", stops_,
           "Stop as dumpcap does: duration:SECONDS, filesize:KB, files:COUNT, packets:COUNT")
      ->take_all();
  auto* const size =
      add_value(app, "-C", "SIZE", limits.rotation.each.bytes, parse_tcpdump_size,
                "Start a new file when one has reached this size, in million bytes unless it has "
                "a unit; files are numbered as tcpdump numbers them");
  auto* const seconds =
      add_value(app, "-G", "SECONDS", limits.rotation.every, parse_seconds,
                "Start a new file after this many seconds; the name of the output is a format "
                "for strftime(3)");
  auto* const number =
      add_value(app, "-W", "FILES", files_, parse_files,
                "With -C or --last: keep this many files, and overwrite the oldest; with -G alone: "
                "stop after this many");
  add_text(app, "-b,--ring-buffer", "CONDITION", switches_,
           "Start a new file as dumpcap does: duration:SECONDS, interval:SECONDS (when the "
           "time is a multiple of that), filesize:KB, packets:COUNT; files:COUNT keeps only the "
           "last ones")
      ->take_all()
      ->excludes(size, seconds, number);
  add_value(app, "-z", "COMMAND", limits.command, parse_command,
            "Run COMMAND FILE for each complete file, including the last, while the capture "
            "continues");
}

void OutputOptions::declare_terminal(CLI::App& app, Options& options) {
  app.add_flag("--print", options.files.print,
               "Also print a line for each packet, its action first; needs tcpdump or tshark");
  app.add_flag("--json", options.json,
               "Print statistics and the summary as JSON, one object a line; with --list, the "
               "list");
}

void OutputOptions::finish(Options& options) const {
  CaptureLimits& limits = options.files.limits;
  Rotation& rotation = limits.rotation;
  if (files_ && options.files.flight) {
    rotation.ring = *files_;
  } else if (files_) {
    take_files(*files_, rotation);
  }
  for (const std::string& text : switches_) {
    rotation.names = Rotation::Names::dumpcap;
    with_context("-b", [&] { take_switch(parse_condition(text), rotation); });
  }
  if (!switches_.empty() && rotation.one_file()) {
    throw UsageError("-b: nothing says when a file ends", "add duration, filesize or packets");
  }
  for (const std::string& text : stops_) {
    with_context("-a", [&] { take_stop(parse_condition(text), limits); });
  }
  if (options.files.flight && rotation.each.any()) {
    throw UsageError("-a filesize: --last writes whole files", "--last SIZE limits them");
  }
  if (duration_) limits.duration = *duration_;
  options.says_sources = !options.quiet && !options.json && !options.top;
  if (options.listing || options.files.path != "-") return;
  options.quiet = true;
  if (!limits.command.empty()) {
    throw UsageError("-z: stdout is no file that a command could take",
                     "name a file as the output");
  }
  if (options.files.print) {
    throw UsageError("--print: stdout has the capture already", "name a file as the output");
  }
}

}  // namespace xdpcap
