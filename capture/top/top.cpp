// SPDX-License-Identifier: BSD-3-Clause
#include "top/top.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "session/session.hpp"
#include "source/find_sources.hpp"
#include "top/host_sources.hpp"
#include "top/top_screen.hpp"

namespace xdpcap {
namespace {

// The watch sends it.
constexpr int kChanged = SIGHUP;

struct Countable {
  std::vector<std::string> names;
  std::vector<std::string> others;  // and why they cannot be counted
};

std::string without_name(const Error& error, const std::string& name) {
  const std::string_view text = error.what();
  const std::string begin = "-i " + name + ": ";
  return std::string(text.starts_with(begin) ? text.substr(begin.size()) : text);
}

// Each is tried alone: one that cannot be counted does not keep the others from it.
Countable countable(const std::vector<HostSource>& sources, Options options, int stop_fd) {
  Countable result;
  for (const HostSource& source : sources) {
    options.sources.names = {source.name};
    try {
      static_cast<void>(find_sources(options.sources, options.actions, stop_fd));
      result.names.push_back(source.name);
    } catch (const Error& error) {
      result.others.push_back(source.name + ": not counted: " + without_name(error, source.name));
    }
  }
  return result;
}

void capture(const Options& options, const Signals& signals, TopScreen& screen,
             std::vector<std::string> uncounted) {
  FoundSources found = find_sources(options.sources, options.actions, signals.stop_fd);
  if (found.sources.empty()) return;
  Session session(options, std::move(found.sources), signals);
  session.show_on(screen.begin_capture(std::move(uncounted)));
  session.run();
}

void wait_for_stop(int stop_fd) {
  pollfd stop{stop_fd, POLLIN, 0};
  static_cast<void>(::poll(&stop, 1, -1));
  take_stop(stop_fd);
}

// The signals that came after a capture had failed, when nobody took them. Whether all of them are
// of the watch.
bool take_stop_of_watch(int stop_fd) {
  bool is_of_watch = true;
  signalfd_siginfo signal{};
  while (stop_requested(stop_fd) && ::read(stop_fd, &signal, sizeof(signal)) == sizeof(signal)) {
    is_of_watch = is_of_watch && signal.ssi_signo == kChanged;
  }
  return is_of_watch;
}

// One capture, until programs come or go. Its end is asked for by a signal, as a user would.
// Returns whether another one should follow.
bool capture_host(Options options, const Signals& signals, TopScreen& screen) {
  const std::vector<HostSource> sources = host_sources();
  options.sources.may_attach = false;  // where a program has gone meanwhile
  options.sources.wait = false;
  Countable found = countable(sources, options, signals.stop_fd);
  options.sources.names = std::move(found.names);
  std::atomic<bool> has_changed = false;
  try {
    const HostWatch watch(sources, [&has_changed] {
      has_changed = true;
      ::kill(::getpid(), kChanged);
    });
    if (!options.sources.names.empty()) {
      capture(options, signals, screen, std::move(found.others));
    } else {
      screen.wait(std::move(found.others));
      wait_for_stop(signals.stop_fd);
    }
  } catch (const Error&) {
    // A program may have gone since it was found.
    if (host_sources() == sources) throw;
    return take_stop_of_watch(signals.stop_fd);
  }
  return has_changed;
}

// "--top HOOK icmp" takes icmp for an interface.
std::string with_filter_hint(std::string hint, const Options& options) {
  const std::vector<std::string>& names = options.sources.names;
  if (names.size() < 2 || !options.filter_text.empty()) return hint;
  hint += "; for a filter, name sources with -i: --top -i " + names.front();
  for (std::size_t i = 1; i < names.size(); ++i) hint += " " + names[i];
  return hint;
}

}  // namespace

void run_top(const Options& options, const Signals& signals) try {
  TopScreen screen(options.filter_text);
  Options its = options;
  its.quiet = true;
  its.says_sources = false;
  if (!its.fates) its.fates.emplace();
  screen.start();
  if (its.sources.names.empty()) {
    while (capture_host(its, signals, screen)) continue;
  } else {
    capture(its, signals, screen, {});
  }
} catch (const NotFound& error) {
  throw NotFound(error.what(), with_filter_hint(error.hint(), options));
}

}  // namespace xdpcap
