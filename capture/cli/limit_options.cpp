// SPDX-License-Identifier: BSD-3-Clause
#include "cli/limit_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "process/child_process.hpp"

namespace xdpcap {
namespace {

std::uint64_t parse_count(const std::string& option, std::string_view text) {
  const auto count = parse_number<std::uint64_t>(text);
  if (count && *count > 0 && *count < kUnlimited) return *count;
  throw UsageError(option + ": invalid packet count \"" + std::string(text) + "\"",
                   "a number above 0");
}

std::uint32_t parse_files(const std::string& option, std::string_view text) {
  const auto count = parse_number<std::uint32_t>(text);
  if (count && *count > 0) return *count;
  throw UsageError(option + ": invalid number of files \"" + std::string(text) + "\"",
                   "a number above 0");
}

std::uint64_t parse_seconds(const std::string& option, std::string_view text) {
  constexpr double kMostSeconds = 1e9;
  constexpr double kNanoseconds = 1e9;
  const auto seconds = parse_number<double>(text);
  if (seconds && *seconds > 0 && *seconds <= kMostSeconds) {
    return std::max<std::uint64_t>(1, std::llround(*seconds * kNanoseconds));
  }
  throw UsageError(option + ": invalid number of seconds \"" + std::string(text) + "\"",
                   "a number above 0");
}

std::uint64_t parse_size(const std::string& option, std::string_view text, std::uint64_t unit) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62U;
  const auto number = parse_number<std::uint64_t>(text);
  if (number && *number > 0 && *number <= kMostBytes / unit) return *number * unit;
  throw UsageError(option + ": invalid file size \"" + std::string(text) + "\"",
                   "a whole number above 0");
}

// tcpdump(1): "in millions of bytes", or KiB, MiB and GiB with k, m and g.
std::uint64_t parse_tcpdump_size(const std::string& text) {
  constexpr std::string_view kSuffixes = "kmg";
  const std::string lower = to_lower(text);
  const auto suffix = lower.empty() ? std::string::npos : kSuffixes.find(lower.back());
  if (suffix == std::string::npos) return parse_size("-C", text, 1'000'000);
  return parse_size("-C", std::string_view(text).substr(0, text.size() - 1),
                    std::uint64_t{1} << (10 * (suffix + 1)));
}

constexpr std::uint64_t kDumpcapKilobyte = 1000;

// A condition of dumpcap's -a and -b.
struct Condition {
  std::string name;
  std::string value;
};

Condition parse_condition(const std::string& option, const std::string& text) {
  const auto colon = text.find(':');
  if (colon != std::string::npos) return {text.substr(0, colon), text.substr(colon + 1)};
  throw UsageError(option + ": \"" + text + "\" has no value", "write it as duration:60");
}

[[noreturn]] void refuse(const std::string& option, const std::string& name) {
  throw UsageError(option + ": there is no condition \"" + name + "\"",
                   "duration, filesize, files and packets are those there are");
}

}  // namespace

void LimitOptions::declare(CLI::App& app) {
  app.add_option("-c", count_, "End after writing this many packets")->option_text("COUNT");
  app.add_option("--duration", duration_, "End after this many seconds")->option_text("SECONDS");
  app.add_option("-C", size_,
                 "Go on in another file when one has this many million bytes (k, m, g behind the "
                 "number: KiB, MiB, GiB); files get numbers, as tcpdump's")
      ->option_text("SIZE");
  app.add_option(
         "-G", seconds_,
         "Go on in another file after this many seconds; the name of the output is a format "
         "for strftime(3)")
      ->option_text("SECONDS");
  app.add_option("-W", files_,
                 "With -C: a ring of this many files, of which the oldest is overwritten; with -G "
                 "alone: end after this many")
      ->option_text("FILES");
  app.add_option("-a,--autostop", stops_,
                 "End as dumpcap does: duration:SECONDS, filesize:KB, files:COUNT, packets:COUNT")
      ->option_text("CONDITION")
      ->take_all();
  app.add_option("-b,--ring-buffer", switches_,
                 "Go on in another file as dumpcap does: duration:SECONDS, filesize:KB, "
                 "packets:COUNT, and keep only the last files:COUNT")
      ->option_text("CONDITION")
      ->take_all();
  app.add_option("-z", command_,
                 "Run COMMAND FILE for each file that is complete, the last one too, beside the "
                 "capture")
      ->option_text("COMMAND");
}

void LimitOptions::check(Options& options) const {
  CaptureLimits& limits = options.files.limits;
  const bool tcpdump = !size_.empty() || !seconds_.empty() || !files_.empty();
  if (tcpdump && !switches_.empty()) {
    throw UsageError("-b is dumpcap's way to name files, -C, -G and -W are tcpdump's",
                     "give options of one kind");
  }
  if (tcpdump) check_tcpdump(limits);
  if (!switches_.empty()) check_dumpcap(limits);
  for (const std::string& condition : stops_) check_stop(condition, limits);
  if (!count_.empty()) limits.packets = std::min(limits.packets, parse_count("-c", count_));
  if (!duration_.empty()) limits.duration = parse_seconds("--duration", duration_);
  limits.command = command_;
  if (!command_.empty() && !is_installed(command_)) {
    throw UsageError("-z: there is no program " + command_,
                     "it takes one program, without arguments, which gets the name of the file");
  }
  if (options.files.path == "-" && !command_.empty()) {
    throw UsageError("-z: stdout is no file that a command could take", "name a file");
  }
}

void LimitOptions::check_tcpdump(CaptureLimits& limits) const {
  Rotation& rotation = limits.rotation;
  if (!size_.empty()) rotation.each.bytes = parse_tcpdump_size(size_);
  if (!seconds_.empty()) rotation.every = parse_seconds("-G", seconds_);
  if (files_.empty()) return;
  if (size_.empty() && seconds_.empty()) {
    throw UsageError("-W: there is one file only", "-C or -G make more");
  }
  const std::uint32_t files = parse_files("-W", files_);
  if (size_.empty()) {
    rotation.files = files;
  } else {
    rotation.ring = files;
  }
}

void LimitOptions::check_dumpcap(CaptureLimits& limits) const {
  limits.rotation.names = Rotation::Names::dumpcap;
  for (const std::string& condition : switches_) check_switch(condition, limits);
  if (limits.rotation.one_file()) {
    throw UsageError("-b: nothing says when a file ends", "add duration, filesize or packets");
  }
}

void LimitOptions::check_switch(const std::string& condition, CaptureLimits& limits) {
  const auto [name, value] = parse_condition("-b", condition);
  Rotation& rotation = limits.rotation;
  if (name == "duration") {
    rotation.every = parse_seconds("-b duration", value);
  } else if (name == "filesize") {
    rotation.each.bytes = parse_size("-b filesize", value, kDumpcapKilobyte);
  } else if (name == "packets") {
    rotation.each.packets = parse_count("-b packets", value);
  } else if (name == "files") {
    rotation.ring = parse_files("-b files", value);
  } else {
    refuse("-b", name);
  }
}

// A single file that is full ends the capture; with others, a file that is full is followed by the
// next one, as dumpcap has it.
void LimitOptions::check_stop(const std::string& condition, CaptureLimits& limits) {
  const auto [name, value] = parse_condition("-a", condition);
  Rotation& rotation = limits.rotation;
  if (name == "duration") {
    limits.duration = parse_seconds("-a duration", value);
  } else if (name == "filesize") {
    if (rotation.one_file()) rotation.files = 1;
    rotation.each.bytes =
        std::min(rotation.each.bytes, parse_size("-a filesize", value, kDumpcapKilobyte));
  } else if (name == "packets") {
    limits.packets = std::min(limits.packets, parse_count("-a packets", value));
  } else if (name == "files") {
    rotation.files = parse_files("-a files", value);
  } else {
    refuse("-a", name);
  }
}

}  // namespace xdpcap
