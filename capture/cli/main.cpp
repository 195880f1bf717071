// SPDX-License-Identifier: BSD-3-Clause
// xdpcap-cpp: signals, the one place that prints errors, and exit codes.
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/tell.hpp"
#include "cli/completion.hpp"
#include "cli/extcap.hpp"
#include "cli/filter_listing.hpp"
#include "cli/list.hpp"
#include "cli/request.hpp"
#include "metrics/metrics_file.hpp"
#include "print/print_lines.hpp"
#include "process/command_queue.hpp"
#include "process/signals.hpp"
#include "read/read_back.hpp"
#include "replay/replay.hpp"
#include "session/session.hpp"
#include "source/find_sources.hpp"
#include "top/top.hpp"

namespace {

constexpr int kUsage = 1;
constexpr int kFailure = 2;

// Signals become readable on a descriptor instead of interrupting anything.
xdpcap::UniqueFd block_signals(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : numbers) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  xdpcap::UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd.valid()) throw xdpcap::system_error("waiting for signals", errno);
  return fd;
}

// Undoes what the parent process may have left: with SIGCHLD ignored, the exit codes of children
// would be lost; a closed standard descriptor would become the number of one of our files, which
// whoever prints would then write to. /dev/null is opened for reading only, so that a capture to a
// closed stdout fails.
void mend_inheritance() {
  std::signal(SIGCHLD, SIG_DFL);
  int fd = ::open("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDONLY);
  if (fd >= 0) ::close(fd);
}

void run(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == xdpcap::kPrintLines) {
    std::signal(SIGPIPE, SIG_IGN);
    xdpcap::print_lines(xdpcap::PrintStyle::of_arguments(std::span(arguments).subspan(1)));
    return;
  }
  if (arguments.size() == 2 && arguments[0] == xdpcap::kRunCommands) {
    xdpcap::run_commands(arguments[1]);
    return;
  }
  const auto parsed = xdpcap::parse_options(arguments);
  if (const auto* help = std::get_if<xdpcap::Help>(&parsed)) {
    std::cout << help->text;
    return;
  }
  if (const auto* list = std::get_if<xdpcap::ListRequest>(&parsed)) {
    const xdpcap::Listing all = xdpcap::list_all();
    xdpcap::tell(xdpcap::note_on(all));
    std::cout << (list->json ? xdpcap::list_as_json(all) : xdpcap::list_as_text(all));
    return;
  }
  if (const auto* completion = std::get_if<xdpcap::CompletionRequest>(&parsed)) {
    std::cout << xdpcap::completions(completion->words, xdpcap::completion_sources());
    return;
  }
  if (const auto* query = std::get_if<xdpcap::ExtcapQuery>(&parsed)) {
    std::cout << xdpcap::answer_extcap(*query);
    return;
  }
  const auto& options = std::get<xdpcap::Options>(parsed);
  if (options.listing) {
    std::cout << xdpcap::list_filter(options, *options.listing);
    return;
  }
  libbpf_set_print(nullptr);      // what it would say is in our errors
  std::signal(SIGPIPE, SIG_IGN);  // write() says EPIPE
  const xdpcap::UniqueFd stop = block_signals({SIGINT, SIGTERM, SIGHUP});
  const xdpcap::UniqueFd requests = block_signals({SIGUSR1, SIGUSR2});
  if (options.read) return xdpcap::ReadBack(options, stop.get()).run();
  if (options.replay) return xdpcap::Replay(options, stop.get()).run();
  if (options.top) return xdpcap::run_top(options, {stop.get(), requests.get()});
  std::unique_ptr<xdpcap::MetricsFile> metrics;
  if (!options.metrics.empty()) {
    metrics = std::make_unique<xdpcap::MetricsFile>(options.metrics, options.filter_text);
  }
  auto found = xdpcap::find_sources(options.sources, options.actions, stop.get());
  if (found.sources.empty()) return;
  for (const std::string& note : found.notes) {
    if (!options.quiet) xdpcap::tell(note + '\n');
  }
  if (!options.quiet && options.budget.is_limited()) {
    xdpcap::tell("recording " + in_words(options.budget) + '\n');
  }
  xdpcap::Session session(options, std::move(found.sources), {stop.get(), requests.get()});
  if (metrics) session.show_on(std::move(metrics));
  session.run();
}

int report(const char* what, const std::string& hint, int code) {
  xdpcap::tell(std::string("xdpcap-cpp: ") + what + (hint.empty() ? "" : "; ") + hint + '\n',
               xdpcap::kLastTimeoutMilliseconds);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  mend_inheritance();
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const xdpcap::Stopped&) {
    return 0;
  } catch (const xdpcap::UsageError& error) {
    return report(error.what(), error.hint(), kUsage);
  } catch (const xdpcap::Error& error) {
    return report(error.what(), error.hint(), kFailure);
  } catch (const std::exception& error) {
    return report(error.what(), {}, kFailure);
  }
}
