// SPDX-License-Identifier: BSD-3-Clause
#include "cli/capture_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "cli/option_values.hpp"
#include "source/source_name.hpp"

namespace xdpcap {
namespace {

Method parse_method(const std::string& text) {
  if (text == "hook") return Method::hook;
  if (text == "trace") return Method::trace;
  if (text == "attach") return Method::attach;
  throw UsageError("unknown method \"" + text + "\"", "the methods are hook, trace and attach");
}

CapturePoint parse_point(const std::string& text) {
  if (text == "exit") return CapturePoint::exit;
  if (text == "entry") return CapturePoint::entry;
  if (text == "both") return CapturePoint::both;
  throw UsageError("unknown point \"" + text + "\"", "the points are exit, entry and both");
}

std::uint64_t parse_kib(std::string_view text) {
  constexpr std::uint64_t kKib = 1024;
  return parse_size(text, kKib);
}

// What CLI11 makes of a flag without a value.
constexpr const char* kAll = "true";

// "--fate dropped HOOK": the list has become the hook, which would be a path.
void refuse_detached_list(const Options& options) {
  if (!options.sources.is_plain) return;
  const std::string& hook = options.sources.names.front();
  if (hook.empty() || hook.find('/') != std::string::npos) return;
  try {
    static_cast<void>(FateSelection::parse(hook));
  } catch (const Error&) {
    return;  // no list
  }
  throw UsageError("--fate takes its list after \"=\"", "write --fate=" + hook);
}

}  // namespace

void CaptureOptions::declare(CLI::App& app, Options& options) {
  app.option_defaults()->group("Sources");
  declare_sources(app, options.sources);
  app.option_defaults()->group("Capture");
  add_value(app, "--actions", "ACTIONS", options.actions, parse_actions,
            "Capture only packets with these actions: names (aborted, drop, pass, tx, redirect) or "
            "slot numbers, separated by commas (default: every action that the hook has a slot "
            "for)");
  add_value(app, "-s,--snaplen", "SIZE", options.snaplen, parse_snaplen,
            "Keep only this much of each packet; the rest is not even copied in the kernel "
            "(default: 0, which means all)");
  add_value(app, "--queue", "RANGES", options.queues, parse_ranges,
            "Capture only packets from these receive queues: 0-3,5");
  add_value(app, "--cpu", "RANGES", options.cpus, parse_ranges,
            "Capture only packets that are processed on these CPUs: 2,4-7");
  app.add_flag("--ingress", ingress_,
               "Note in a comment on each packet the index of the interface that it arrived on: "
               "\"ingress=7\". With a list of names or indexes, capture only packets that arrived "
               "on these interfaces")
      ->option_text("[=IFACES]");
  app.add_flag(
         "--fate", fates_,
         "Note in a comment on each packet what the kernel did with it after the program: "
         "\"fate=dropped reason=ENETDOWN to=veth2(7)\". With a list, write only packets with "
         "these fates: redirected, queued, dropped, aborted, unknown, none, failed, or reasons "
         "(ENETDOWN, ...)")
      ->option_text("[=LIST]");
  app.add_flag("--only-failed", only_failed_,
               "Write only packets that were dropped or aborted: the same as --fate=failed");
  add_text(
      app, "--reason", "REASON", options.reasons,
      "Capture only packets for which the program gave this reason: its text, or the FILE:LINE "
      "that gave it; may be given several times. (A program that gives reasons has them in "
      "a comment on each packet: reason=\"no route\" at=lb.bpf.c:123)")
      ->take_all();
  add_value(app, "--sample", "N", options.budget.sample, parse_sample,
            "Of the packets that match, record one in N, chosen at random in the kernel");
  add_value(app, "--rate", "N", options.budget.rate, parse_rate,
            "Record at most N packets a second from each source; what is not recorded is counted");
  app.add_flag("--stack", stack_,
               "With --fate, which it implies: follow packets with XDP_PASS through the network "
               "stack. They then have a fate, too: delivered, consumed, forwarded, \"dropped "
               "reason=NO_SOCKET by=stack\", or passed");
  auto* const buffer =
      add_value(app, "--buffer", "SIZE", options.ring_bytes, parse_bytes,
                "Size of each CPU's ring buffer, rounded to what the kernel takes (default: a "
                "small part of the memory)");
  add_value(app, "-B", "KIB", options.ring_bytes, parse_kib,
            "The same in KiB, as tcpdump takes it, unless it has a unit: -B 4096 is --buffer 4M")
      ->excludes(buffer);
  add_value(app, "--watermark", "SIZE", options.watermark, parse_bytes,
            "Wake the reader when this much is in a ring buffer (default: a quarter of it, at "
            "most 2 MiB), without waiting for its next look, some milliseconds later");
  add_value(app, "-Z,--Z", "USER", options.files.user, find_user,
            "Give up root after set-up and become USER, who gets the output file; a guardian "
            "process stays root, to empty the hook at the end");
}

void CaptureOptions::declare_sources(CLI::App& app, SourceOptions& sources) {
  add_text(app, "-i,--interface", "SOURCE", sources.names,
           "What to capture from, instead of <hook>; may be given several times: an interface "
           "(eth0, or eth0@NETNS), prog:ID or prog:NAME, map:ID, or a path below /sys/fs/bpf: of a "
           "hook, of a program, or of a folder with hooks. Without -w, packets are printed")
      ->take_all();
  add_value(app, "--method", "METHOD", sources.method, parse_method,
            "How to capture from a program: by its hook (hook), by tracing it (trace), or, on an "
            "interface without a program, by attaching a recorder (attach) (default: the first of "
            "these that is possible)");
  add_value(app, "--at", "POINT", sources.at, parse_point,
            "With tracing: capture packets as they leave the program (exit), as they enter it "
            "(entry), or both (default: exit)");
  app.add_flag("--wait", sources.wait,
               "Wait until the hook is pinned and a loaded XDP program uses it, or until the "
               "program is there");
  app.add_flag("--follow", sources.follow,
               "When another hook is pinned at the same path, or another program is attached to "
               "the interface (the program was reloaded), continue with that one, in the same "
               "file");
  app.add_flag("--replace", sources.replace,
               "Take over slots that another capture uses, instead of sharing them");
}

void CaptureOptions::finish(Options& options) const {
  if (!options.sources.is_plain && !options.read) {
    const std::vector<std::string>& names = options.sources.names;
    for (const std::string& name : names) {
      static_cast<void>(parse_source(name));
      if (std::count(names.begin(), names.end(), name) == 1) continue;
      throw UsageError("-i " + name + " is given more than once", "give it once");
    }
  }
  options.note_ingress = !ingress_.empty();
  if (options.note_ingress && ingress_ != kAll) {
    with_context("--ingress", [&] { options.ingress = parse_interfaces(ingress_); });
  }
  finish_fates(options);
}

void CaptureOptions::finish_fates(Options& options) const {
  if (fates_.empty() && !only_failed_ && !stack_) return;
  const bool all = fates_.empty() || fates_ == kAll;
  if (only_failed_ && !all) {
    throw UsageError("--only-failed does not go with --fate=" + fates_, "leave one of them out");
  }
  if (options.read && all && !only_failed_) {
    throw UsageError("--fate: the file says what became of its packets, and it is printed anyway",
                     "--fate=LIST selects packets");
  }
  if (all && !only_failed_ && !stack_) refuse_detached_list(options);
  if (options.sources.at != CapturePoint::exit) {
    throw UsageError("--fate: at its entry, a packet has no action yet", "leave --at out");
  }
  options.follow_stack = stack_;
  options.fates = only_failed_ ? FateSelection::parse("failed")
                  : all        ? FateSelection()
                               : FateSelection::parse(fates_);
  const std::string word = options.fates->word_of_stack();
  if (!stack_ && !word.empty() && !options.read) {
    throw UsageError("--fate: \"" + word + "\" is what becomes of packets in the network stack",
                     "add --stack");
  }
}

}  // namespace xdpcap
