// SPDX-License-Identifier: BSD-3-Clause
#include "source/guarded_sources.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "source/hook_lock.hpp"

namespace xdpcap {
namespace {

// The guardian reports once a second, also during operations that take longer.
constexpr unsigned kMostSilentLooks = 15;

using std::chrono::steady_clock;

}  // namespace

GuardedSources::GuardedSources(const Sources& sources, Plan plan)
    : sources_(sources), plan_(std::move(plan)) {
  guardian_ = start_guardian();
  install();
  guardian_.watch();
}

GuardedSources::~GuardedSources() {
  const auto is_installed = [](const auto& source) { return source->is_installed(); };
  if (std::none_of(sources_.begin(), sources_.end(), is_installed)) return;
  for (begin_removing(); !is_removed();) wait_removing();
}

void GuardedSources::install() {
  for (const auto& source : sources_) {
    const std::vector<std::string> news = source->install();
    news_.insert(news_.end(), news.begin(), news.end());
  }
}

std::string GuardedSources::title() const {
  std::string title = "xdpcap-cpp: guardian of ";
  for (const auto& source : sources_) {
    title += (source == sources_.front() ? "" : ", ") + source->title().name;
  }
  return title;
}

Guardian GuardedSources::start_guardian() {
  std::vector<int> descriptors = plan_.descriptors();
  for (const auto& source : sources_) {
    const std::vector<int> its = source->descriptors();
    descriptors.insert(descriptors.end(), its.begin(), its.end());
  }
  return Guardian(
      {.title = title(),
       .descriptors = std::move(descriptors),
       .look = [this](const Guardian::Report& report) { look_at_sources(report); },
       .take_order = [this](const Message& order,
                            const Guardian::Report& report) { take_order(order, report); },
       .clean_up = [this] { clean_up(kLockTimeout); },
       .rescue = plan_.rescue});
}

// The old guardian is dismissed only when the new one exists. If its last reports change the
// descriptors that a guardian needs, the new one is replaced, too.
void GuardedSources::renew_guardian() {
  if (!privileged_) return;
  bool has_changed = true;
  try {
    while (has_changed) {
      Guardian next = start_guardian();
      guardian_.dismiss();
      has_changed = take_reports();
      guardian_ = std::move(next);
    }
  } catch (const Error&) {
    guardian_.watch();  // the one that there is
    throw;
  }
  guardian_.watch();
}

// Whether a source other than this one has a hook.
std::function<bool(std::uint32_t)> GuardedSources::captured_beside(std::size_t source) const {
  return [this, source](std::uint32_t hook) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (i != source && sources_[i]->captures(hook)) return true;
    }
    return false;
  };
}

void GuardedSources::look_at_sources(const Guardian::Report& report) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    SourceReports reports(report, unsent_, static_cast<std::uint8_t>(i), captured_beside(i));
    try {
      sources_[i]->look(reports);
    } catch (const std::exception&) {  // out of memory, or of threads: tried again
    }
  }
}

void GuardedSources::take_order(const Message& order, const Guardian::Report& report) {
  SourceReports reports(report, unsent_, order.channel, captured_beside(order.channel));
  sources_.at(order.channel)->take_order(order.kind, reports);
}

// A failure with one source does not keep the others from being removed. Two that share a hook are
// called in the order of their installation: to remove the last one first takes no privileges.
void GuardedSources::clean_up(std::chrono::milliseconds lock_timeout) {
  const LockDeadline deadline(lock_timeout);
  std::exception_ptr failure;
  std::for_each(sources_.rbegin(), sources_.rend(), [&](const auto& source) {
    try {
      source->remove(deadline.left());
    } catch (const Error&) {
      failure = std::current_exception();
    }
  });
  plan_.wait_for_recorders();
  if (failure) std::rethrow_exception(failure);
}

std::vector<std::string> GuardedSources::receive() {
  take_reports();
  return std::exchange(news_, {});
}

std::vector<std::string> GuardedSources::look() {
  take_reports();
  if (!removing_) look_at_guardian();
  return std::exchange(news_, {});
}

// True if the guardian has to be replaced.
bool GuardedSources::take_reports() {
  bool has_changed = false;
  for (Message& report : guardian_.receive()) {
    if (report.kind == SourceReports::kNews) {
      news_.push_back(std::move(report.text));
      continue;
    }
    const std::uint8_t channel = report.channel;
    Source::Reaction reaction = sources_.at(channel)->receive(std::move(report));
    if (!reaction.news.empty()) news_.push_back(std::move(reaction.news));
    if (reaction.order != 0) guardian_.order({.kind = reaction.order, .channel = channel});
    has_changed = has_changed || reaction.changed;
  }
  return has_changed;
}

void GuardedSources::look_at_guardian() {
  std::string happened;
  if (!guardian_.alive()) {
    happened = "the guardian was killed";
  } else if (guardian_.was_heard()) {
    silent_looks_ = 0;
    return;
  } else if (++silent_looks_ == kMostSilentLooks) {
    happened = "the guardian has been stopped, or is stuck";
  } else {
    return;
  }
  silent_looks_ = 0;
  std::string end;
  if (privileged_) {
    try {
      renew_guardian();
      guardian_error_.clear();
      news_.push_back(happened +
                      ": started another; changes of the hook in the last second may not have "
                      "been reported");
      return;
    } catch (const Error& error) {
      end = std::string(": ") + error.what();
    }
  }
  end +=
      ": changes of the hook are no longer noticed, and if this capture is killed, too, its "
      "recorders stay in the hook";
  if (std::exchange(guardian_error_, happened + end) != guardian_error_)
    news_.push_back(guardian_error_);
}

void GuardedSources::begin_removing() {
  constexpr std::chrono::seconds kMostAfterTheLock{3};
  constexpr std::chrono::seconds kMostToAnswer{2};
  answer_by_ = steady_clock::now() + kMostToAnswer;
  removing_ = true;
  take_reports();
  static_cast<void>(guardian_.was_heard());
  remove_by_ = steady_clock::now() + kLockTimeout + kMostAfterTheLock;
  if (guardian_.alive()) guardian_.clean_up();
  disconnect();
}

// In another thread: to detach a program from an interface may take some 100 ms.
void GuardedSources::disconnect() {
  const auto is_connected = [](const auto& source) { return source->is_connected(); };
  if (std::none_of(sources_.begin(), sources_.end(), is_connected)) return;
  const auto run = [this] {
    for (const auto& source : sources_) source->disconnect();
    try {
      plan_.wait_for_recorders();
    } catch (
        const Error&) {  // before Linux 5.19 it takes privileges; recorders run for microseconds
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  };
  try {
    disconnecting_ = std::async(std::launch::async, run);
  } catch (const std::system_error&) {  // no resources for a thread
    disconnecting_ = std::async(std::launch::deferred, run);
  }
}

bool GuardedSources::is_disconnected() {
  if (!disconnecting_.valid()) return true;
  if (disconnecting_.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) return false;
  try {
    disconnecting_.get();
  } catch (const Error& error) {
    failure_ = error.what();
  }
  return true;
}

void GuardedSources::wait_removing() const {
  constexpr int kLookEveryMilliseconds = 10;
  guardian_.wait(kLookEveryMilliseconds);
}

bool GuardedSources::is_removed() {
  take_reports();
  if (!is_disconnected()) return false;
  using CleanUp = Guardian::CleanUp;
  const CleanUp state = guardian_.clean_up_state();
  if (state == CleanUp::waiting && guardian_.alive()) {
    // It answers immediately, unless it is stopped (SIGSTOP).
    const bool at_work = guardian_.was_heard() || cleaning_up_;
    cleaning_up_ = at_work;
    if (steady_clock::now() < (at_work ? remove_by_ : answer_by_)) return false;
  }
  if (state != CleanUp::done) remove_without_guardian();
  for (const auto& source : sources_) {
    const std::vector<std::string> news = source->forget();
    news_.insert(news_.end(), news.begin(), news.end());
  }
  return true;
}

// Without the guardian: it was killed, is stopped, or lacks resources that this process may have.
// If it is stopped and may not be killed (-Z), it receives its orders when it continues, and finds
// nothing left to do.
void GuardedSources::remove_without_guardian() {
  constexpr std::chrono::milliseconds kShortLockTimeout{200};
  guardian_.dismiss();
  take_reports();
  try {
    clean_up(kShortLockTimeout);
  } catch (const Error& error) {
    failure_ = error.what();
    // Recorders run for microseconds. If wait_for_recorders() failed, this is the only way to wait.
    std::this_thread::sleep_for(kShortLockTimeout);
  }
}

}  // namespace xdpcap
