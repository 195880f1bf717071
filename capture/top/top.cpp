// SPDX-License-Identifier: BSD-3-Clause
#include "top/top.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
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
    } catch (const UsageError&) {
      throw;
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

// One capture after another, whenever programs come or go. The end of one is asked for by a signal,
// as a user would.
void watch_host(Options options, const Signals& signals, TopScreen& screen) {
  for (std::atomic<bool> has_changed = true; has_changed.exchange(false);) {
    std::vector<HostSource> sources = host_sources();
    Countable found = countable(sources, options, signals.stop_fd);
    const HostWatch watch(std::move(sources), [&has_changed] {
      has_changed = true;
      ::kill(::getpid(), SIGHUP);
    });
    options.sources.names = std::move(found.names);
    if (!options.sources.names.empty()) {
      capture(options, signals, screen, std::move(found.others));
    } else {
      static_cast<void>(screen.begin_capture(std::move(found.others)));
      wait_for_stop(signals.stop_fd);
    }
  }
}

}  // namespace

void run_top(const Options& options, const Signals& signals) {
  TopScreen screen(options.filter_text);
  Options its = options;
  its.quiet = true;
  if (!its.fates) its.fates.emplace();
  screen.start();
  if (its.sources.names.empty()) {
    watch_host(std::move(its), signals, screen);
  } else {
    capture(its, signals, screen, {});
  }
}

}  // namespace xdpcap
