// SPDX-License-Identifier: BSD-3-Clause
#include "cli/fate_options.hpp"

#include <CLI/CLI.hpp>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// What CLI11 makes of a flag without a value.
constexpr const char* kAll = "true";

// "--fate dropped HOOK": the list has become the hook, which would be a path.
void refuse_detached_list(const std::string& hook) {
  if (hook.empty() || hook.find('/') != std::string::npos) return;
  try {
    static_cast<void>(FateSelection::parse(hook));
  } catch (const Error&) {
    return;  // no list
  }
  throw UsageError("--fate takes its list after \"=\"", "write --fate=" + hook);
}

}  // namespace

void FateOptions::declare(CLI::App& app) {
  app.add_flag(
         "--fate", fates_,
         "Say in a comment on each packet what became of it after the program: \"fate=dropped "
         "reason=ENETDOWN to=veth2(7)\". With a list, write only these: redirected, queued, "
         "dropped, aborted, unknown, none, failed, or reasons (ENETDOWN, ...)")
      ->option_text("[=LIST]");
  app.add_flag("--only-failed", only_failed_,
               "Write only packets that were dropped or aborted: the same as --fate=failed");
}

void FateOptions::check(Options& options) const {
  if (fates_.empty() && !only_failed_) return;
  const bool all = fates_.empty() || fates_ == kAll;
  if (only_failed_ && !all) {
    throw UsageError("--only-failed and --fate=" + fates_ + " are two answers to one question",
                     "give one of them");
  }
  if (all && !only_failed_) refuse_detached_list(options.hook);
  options.fates = only_failed_ ? FateSelection::parse("failed")
                  : all        ? FateSelection()
                               : FateSelection::parse(fates_);
}

}  // namespace xdpcap
