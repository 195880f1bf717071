// SPDX-License-Identifier: BSD-3-Clause
#include "cli/capture_options.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

// A number, or KiB, MiB and GiB with k, m and g, as -C has them.
std::optional<std::uint64_t> parse_bytes(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  constexpr std::string_view kSuffixes = "kmg";
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62U;
  const auto suffix = kSuffixes.find(to_lower(text).back());
  const bool has_suffix = suffix != std::string_view::npos;
  const std::uint64_t unit = has_suffix ? std::uint64_t{1} << (10 * (suffix + 1)) : 1;
  const auto number = parse_number<std::uint64_t>(
      std::string_view(text).substr(0, text.size() - (has_suffix ? 1 : 0)));
  if (number && *number > 0 && *number <= kMostBytes / unit) return *number * unit;
  throw UsageError(std::string(option) + ": invalid size \"" + text + "\"",
                   "a number of bytes above 0, or of KiB, MiB, GiB with k, m, g");
}

std::uint32_t parse_snaplen(const std::string& text) {
  if (text.empty()) return kMaxSnaplen;
  const auto bytes = parse_number<std::uint32_t>(text);
  if (bytes && *bytes <= kMaxSnaplen) return *bytes == 0 ? kMaxSnaplen : *bytes;
  throw UsageError("-s: invalid snapshot length \"" + text + "\"",
                   "a number of bytes, 0 to " + std::to_string(kMaxSnaplen));
}

}  // namespace

void CaptureOptions::declare(CLI::App& app) {
  app.add_option("--actions", actions_,
                 "Capture only these XDP actions: names (aborted, drop, pass, tx, redirect) or "
                 "numbers, separated by commas (default: all the hook has slots for)")
      ->option_text("ACTIONS");
  app.add_option("--buffer", buffer_,
                 "Size of each CPU's ring buffer, rounded up to what the kernel takes; k, m, g "
                 "after the number: KiB, MiB, GiB (default: a small part of the memory)")
      ->option_text("BYTES");
  app.add_option(
         "-s,--snaplen", snaplen_,
         "Keep this much of each packet, cut while it is still in the kernel (default: all; "
         "0 means the same)")
      ->option_text("BYTES");
  app.add_option("--watermark", watermark_,
                 "Wake up when this much waits in a ring buffer (default: a quarter of it), or a "
                 "few milliseconds after a packet")
      ->option_text("BYTES");
  app.add_flag("--ingress", note_ingress_,
               "Say in a comment on each packet by which interface it came in: \"ingress=7\"");
  app.add_flag("--flush", flush_,
               "Ignored, for compatibility with xdpcap: packets never wait longer than some "
               "milliseconds");
  app.add_flag("-q,--q,--quiet", quiet_, "Print no statistics; losses are still reported");
  app.add_flag("--wait", wait_, "Wait until the hook is pinned and a loaded XDP program uses it");
  app.add_flag("--replace", replace_,
               "Take slots over that another capture holds, instead of sharing them");
}

void CaptureOptions::check(Options& options) const {
  if (!actions_.empty()) options.actions = parse_actions(actions_);
  options.ring_bytes = parse_bytes("-buffer", buffer_);
  options.watermark = parse_bytes("-watermark", watermark_);
  options.snaplen = parse_snaplen(snaplen_);
  options.note_ingress = note_ingress_;
  options.quiet = quiet_ || options.files.path == "-";
  options.wait = wait_;
  options.replace = replace_;
}

}  // namespace xdpcap
