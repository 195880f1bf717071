// SPDX-License-Identifier: BSD-3-Clause
#include "app/capture_options.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

std::optional<std::uint64_t> parse_bytes(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto bytes = parse_number<std::uint64_t>(text);
  if (bytes && *bytes > 0) return bytes;
  throw UsageError(std::string(option) + ": \"" + text + "\" is no number of bytes above 0");
}

std::uint32_t parse_snaplen(const std::string& text) {
  if (text.empty()) return kMaxSnaplen;
  const auto bytes = parse_number<std::uint32_t>(text);
  if (bytes && *bytes <= kMaxSnaplen) return *bytes == 0 ? kMaxSnaplen : *bytes;
  throw UsageError("-s: \"" + text + "\" is no number of bytes up to " +
                   std::to_string(kMaxSnaplen));
}

}  // namespace

void CaptureOptions::declare(CLI::App& app) {
  app.add_option("--actions", actions_,
                 "Capture only these XDP actions: names (aborted, drop, pass, tx, redirect) or "
                 "numbers, separated by commas (default: all the hook has slots for)")
      ->option_text("ACTIONS");
  app.add_option("--buffer", buffer_,
                 "Size of each CPU's ring buffer, rounded up to what the kernel takes (default: a "
                 "small part of the memory)")
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
               "Accepted for xdpcap's sake: packets never wait here longer than milliseconds");
  app.add_flag("-q,--q,--quiet", quiet_, "Print no statistics; losses are still told");
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
  options.quiet = quiet_ || options.output == "-";
  options.wait = wait_;
  options.replace = replace_;
}

}  // namespace xdpcap
