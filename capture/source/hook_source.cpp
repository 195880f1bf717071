// SPDX-License-Identifier: BSD-3-Clause
#include "source/hook_source.hpp"

#include <exception>
#include <sstream>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// A hook has five slots, or some more for actions yet to come. Each costs a recorder.
constexpr std::uint32_t kMostSlots = 64;

// A capture keeps the actions that it has begun with: they are the interfaces of its file.
std::string difference(const std::vector<XdpAction>& actions, const Hook& hook) {
  const std::uint32_t captured = actions.empty() ? 0 : actions.back().value() + 1;
  if (hook.slots() == captured || actions.size() != captured) return {};
  return hook.slots() > captured
             ? "; of its " + std::to_string(hook.slots()) + " slots only the first " +
                   std::to_string(captured) + " are captured, as before"
             : "; it has only " + std::to_string(hook.slots()) + " slots";
}

}  // namespace

std::vector<XdpAction> captured_actions(const Hook& hook,
                                        const std::optional<std::vector<XdpAction>>& wanted) {
  const std::string slots = std::to_string(hook.slots()) + " slots";
  if (!wanted) {
    if (hook.slots() > kMostSlots) {
      throw Error("opening the hook " + hook.path() + ": it has " + slots + ", which no hook needs",
                  "say with -actions which to capture");
    }
    std::vector<XdpAction> all;
    for (std::uint32_t slot = 0; slot < hook.slots(); ++slot) all.emplace_back(slot);
    return all;
  }
  for (const XdpAction action : *wanted) {
    if (action.value() < hook.slots()) continue;
    throw UsageError(
        "-actions: the hook " + hook.path() + " has " + slots + ", none for " + action.name(),
        "leave it out, or give the hook more entries");
  }
  return *wanted;
}

HookSource::HookSource(Hook hook, Plan plan) : plan_(std::move(plan)) {
  hooks_.push_back(std::make_unique<AttachedHook>(std::move(hook)));
}

void HookSource::load(RecorderFactory recorders) {
  recorders_ = std::move(recorders);
  current().load(plan_.actions, plan_.replace, recorders_.make);
  recorders_.note_flavour(current().installation().flavour());
}

std::vector<std::string> HookSource::install() {
  current().fill();
  if (!current().installation().went_on_unlocked()) return {};
  return {
      "another process holds the lock of the hook's folder (lslocks shows which): went on "
      "without it; a capture that starts at the same moment may not notice this one"};
}

bool HookSource::is_installed() const {
  return current().installation().filled();
}

Source::Reaction HookSource::receive(Message report) {
  switch (report.kind) {
    case kFound:
      return adopt(std::move(report));
    case kFollowed:
      return note_followed();
    case kLeft:
      if (hooks_.size() > 1) hooks_.erase(hooks_.begin(), hooks_.end() - 1);
      break;
    case kPath:
      hold(std::move(report));
      break;
    case kState:
      set_state(report.text);
      break;
    default:
      break;
  }
  return {};
}

// The guardian fills it once it knows that we have it.
Source::Reaction HookSource::adopt(Message found) {
  try {
    auto hook = std::make_unique<AttachedHook>(name(), std::move(found));
    // One that was found earlier was never filled.
    if (hooks_.size() > 1) hooks_.pop_back();
    hooks_.push_back(std::move(hook));
    is_followed_ = false;
    recorders_.note_flavour(current().installation().flavour());
    return {.order = kAdopted, .changed = true};
  } catch (const Error& error) {
    return {.news = std::string("following the hook: ") + error.what()};
  }
}

Source::Reaction HookSource::note_followed() {
  is_followed_ = true;
  return {.news = "another hook was pinned at " + name() + ": going on with that one" +
                  difference(plan_.actions, current().hook())};
}

// With no descriptors, those it held before are closed.
void HookSource::hold(Message path) {
  std::istringstream words(path.text);
  std::uint32_t action = 0;
  std::size_t count = 0;
  words >> action >> count;
  const bool is_whole = path.received.size() == count;  // unless there was no room for descriptors
  if (is_whole) current().installation().hold(XdpAction(action), std::move(path.received));
}

// For the next guardian: what has been reported, so that it reports the next change.
void HookSource::set_state(const std::string& text) {
  pin_ = static_cast<Pin>(text.at(0));
  current().set_in_use(text.at(1) != 0);
}

void HookSource::forget() {
  for (const auto& hook : hooks_) hook->forget();
}

// Whatever fails with one hook, the others are emptied, too.
void HookSource::remove(std::chrono::milliseconds lock_timeout) {
  std::exception_ptr failure;
  for (const auto& hook : hooks_) {
    try {
      hook->remove(lock_timeout);
    } catch (const Error&) {
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

std::vector<int> HookSource::descriptors() const {
  std::vector<int> all;
  for (const auto& hook : hooks_) {
    const std::vector<int> its = hook->descriptors();
    all.insert(all.end(), its.begin(), its.end());
  }
  return all;
}

}  // namespace xdpcap
