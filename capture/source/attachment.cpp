// SPDX-License-Identifier: BSD-3-Clause
#include "source/attachment.hpp"

#include <exception>
#include <sstream>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// The guardian looks each second, and says so. What takes it longer says that it is at work.
constexpr unsigned kMostSilentLooks = 15;

using std::chrono::steady_clock;

}  // namespace

Attachment::Attachment(Hook hook, Plan plan) : plan_(std::move(plan)) {
  hooks_.push_back(std::make_unique<AttachedHook>(std::move(hook)));
  install();
  guardian_.watch();
  if (current().installation().went_on_unlocked()) {
    news_.emplace_back(
        "another process holds the lock of the hook's folder (lslocks shows which): went on "
        "without "
        "it; a capture that starts at the same moment may not notice this one");
  }
}

Attachment::~Attachment() {
  if (!current().installation().filled()) return;
  for (begin_detaching(); !is_detached();) wait_detaching();
}

// The guardian is there before the first recorder is in the hook.
void Attachment::install() {
  current().load(plan_.actions, plan_.replace, plan_.make_recorder);
  if (plan_.note_flavour) plan_.note_flavour(current().installation().flavour());
  guardian_ = start_guardian();
  current().fill();
}

Guardian Attachment::start_guardian() {
  std::vector<int> descriptors = plan_.descriptors();
  for (const auto& hook : hooks_) {
    const std::vector<int> its = hook->descriptors();
    descriptors.insert(descriptors.end(), its.begin(), its.end());
  }
  return Guardian({.title = "xdpcap-cpp: guardian of " + current().hook().path(),
                   .descriptors = std::move(descriptors),
                   .look = [this](const Guardian::Report& report) { look_around(report); },
                   .take_order =
                       [this](char kind, const Guardian::Report& report) {
                         if (kind == kAdopted) move(report);
                       },
                   .clean_up = [this] { clean_up(Installation::kLockTimeout); },
                   .rescue = plan_.rescue});
}

// One guardian after the other is there all the time. What the last one has left to say may be that
// it has found another hook: the next one has to know that.
void Attachment::renew_guardian() {
  if (!privileged_) return;
  bool has_changed = true;
  while (has_changed) {
    Guardian next = start_guardian();
    guardian_.dismiss();
    has_changed = take_reports();
    guardian_ = std::move(next);
  }
  guardian_.watch();
}

// Whatever fails with one hook, the others are emptied, too.
void Attachment::clean_up(std::chrono::milliseconds lock_timeout) {
  std::exception_ptr failure;
  for (const auto& hook : hooks_) {
    try {
      hook->remove(lock_timeout);
    } catch (const Error&) {
      failure = std::current_exception();
    }
  }
  plan_.wait_for_recorders();
  if (failure) std::rethrow_exception(failure);
}

std::vector<std::string> Attachment::receive() {
  take_reports();
  return std::exchange(news_, {});
}

std::vector<std::string> Attachment::look() {
  take_reports();
  if (!detaching_) look_at_guardian();
  return std::exchange(news_, {});
}

// True if the hook is another one now.
bool Attachment::take_reports() {
  bool has_changed = false;
  for (Message& report : guardian_.receive()) {
    if (report.kind == kNews) news_.push_back(std::move(report.text));
    if (report.kind == kMoved && hooks_.size() > 1) hooks_.erase(hooks_.begin(), hooks_.end() - 1);
    if (report.kind == kState) set_state(report.text);
    if (report.kind == kPath) {
      hold(std::move(report));
    } else if (report.kind == kFound) {
      has_changed = adopt(std::move(report)) || has_changed;
    }
  }
  return has_changed;
}

// For the next guardian: what has been reported, so that it reports the next change.
void Attachment::set_state(const std::string& text) {
  pin_ = static_cast<Pin>(text.at(0));
  current().set_in_use(text.at(1) != 0);
}

// Or lets go of them, where nothing was sent along.
void Attachment::hold(Message path) {
  std::istringstream words(path.text);
  std::uint32_t action = 0;
  std::size_t count = 0;
  words >> action >> count;
  const bool is_whole = path.received.size() == count;  // unless there was no room for descriptors
  if (is_whole) current().installation().hold(XdpAction(action), std::move(path.received));
}

// It is filled once the guardian knows that we have it.
bool Attachment::adopt(Message found) {
  try {
    auto hook = std::make_unique<AttachedHook>(current().hook().path(), std::move(found));
    // One that was found before and never filled is in nobody's way.
    if (hooks_.size() > 1) hooks_.pop_back();
    hooks_.push_back(std::move(hook));
    if (plan_.note_flavour) plan_.note_flavour(current().installation().flavour());
    guardian_.order(kAdopted);
    return true;
  } catch (const Error& error) {
    news_.push_back(std::string("following the hook: ") + error.what());
    return false;
  }
}

void Attachment::look_at_guardian() {
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
                      ": started another; what the hook went through in its last second may not "
                      "have been reported");
      return;
    } catch (const Error& error) {
      end = std::string(": ") + error.what();
    }
  }
  end +=
      ": changes of the hook are not noticed, and if this capture is killed too, its recorders "
      "stay in it";
  if (std::exchange(guardian_error_, happened + end) != guardian_error_)
    news_.push_back(guardian_error_);
}

void Attachment::begin_detaching() {
  constexpr std::chrono::seconds kMostAfterTheLock{3};
  constexpr std::chrono::seconds kMostToAnswer{2};
  answer_by_ = steady_clock::now() + kMostToAnswer;
  detaching_ = true;
  take_reports();
  static_cast<void>(guardian_.was_heard());
  detach_by_ = steady_clock::now() + Installation::kLockTimeout + kMostAfterTheLock;
  if (guardian_.alive()) guardian_.clean_up();
}

void Attachment::wait_detaching() const {
  constexpr int kLookEveryMilliseconds = 10;
  guardian_.wait(kLookEveryMilliseconds);
}

bool Attachment::is_detached() {
  take_reports();
  using CleanUp = Guardian::CleanUp;
  const CleanUp state = guardian_.clean_up_state();
  if (state == CleanUp::waiting && guardian_.alive()) {
    // It answers at once, or is stopped.
    const bool at_work = guardian_.was_heard() || cleans_up_;
    cleans_up_ = at_work;
    if (steady_clock::now() < (at_work ? detach_by_ : answer_by_)) return false;
  }
  if (state != CleanUp::done) detach_alone();
  forget();
  return true;
}

// Without the guardian, which was killed, is stopped, or lacks something that we may have. One that
// is stopped and cannot be killed finds its orders when it continues, and then nothing to do.
void Attachment::detach_alone() {
  constexpr std::chrono::milliseconds kLockTimeout{200};
  guardian_.dismiss();
  take_reports();
  try {
    clean_up(kLockTimeout);
  } catch (const Error& error) {
    failure_ = error.what();
    // There may be no better way to wait for recorders, which run for microseconds.
    std::this_thread::sleep_for(kLockTimeout);
  }
}

void Attachment::forget() {
  for (const auto& hook : hooks_) hook->forget();
}

}  // namespace xdpcap
