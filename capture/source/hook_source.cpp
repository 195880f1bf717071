// SPDX-License-Identifier: BSD-3-Clause
#include "source/hook_source.hpp"

#include <algorithm>
#include <exception>
#include <sstream>
#include <utility>

#include "base/error.hpp"
#include "bpf/program_info.hpp"

namespace xdpcap {
namespace {

// A hook has five slots, or a few more for future actions. Each needs a recorder.
constexpr std::uint32_t kMostSlots = 64;

// The actions of a capture do not change while it runs: they are the interfaces of its file.
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
                  "select the actions to capture with --actions");
    }
    std::vector<XdpAction> all;
    for (std::uint32_t slot = 0; slot < hook.slots(); ++slot) all.emplace_back(slot);
    return all;
  }
  for (const XdpAction action : *wanted) {
    if (action.value() < hook.slots()) continue;
    throw UsageError(
        "-actions: the hook " + hook.path() + " has " + slots + ", none for " + action.name(),
        "omit it, or give the hook more entries");
  }
  return *wanted;
}

HookSource::HookSource(Hook hook, Plan plan) : plan_(std::move(plan)) {
  hooks_.push_back(std::make_unique<CapturedHook>(std::move(hook)));
}

std::vector<std::uint32_t> HookSource::programs() const {
  return programs_using(current().hook().map_id());
}

void HookSource::load(RecorderFactory recorders) {
  recorders_ = std::move(recorders);
  noted_users_ = programs();
  current().load(plan_.actions, plan_.replace, recorders_.make);
  recorders_.note_flavour(current().installation().flavour());
}

std::vector<std::string> HookSource::install() {
  current().fill();
  if (!current().installation().proceeded_without_lock()) return {};
  return {
      "another process holds the lock of the hook's folder (lslocks shows which): continued "
      "without it; a capture that starts at the same moment may not notice this one"};
}

bool HookSource::is_installed() const {
  return current().installation().filled();
}

bool HookSource::captures(std::uint32_t hook) const {
  const auto is_it = [&](const auto& one) { return one->hook().map_id() == hook; };
  return std::any_of(hooks_.begin(), hooks_.end(), is_it);
}

bool HookSource::is_idle() const {
  return !current().in_use() ||
         (plan_.place && plan_.place->is_interface() && in_place_ != Found::ours);
}

Source::Reaction HookSource::receive(Message report) {
  switch (report.kind) {
    case kFound:
      return adopt(std::move(report));
    case kFollowed:
      return note_followed();
    case kLeft:
      return note_left();
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

// The guardian fills the hook once it has the order. Until then it sends the hook with each look.
Source::Reaction HookSource::adopt(Message found) {
  try {
    auto hook = std::make_unique<CapturedHook>(std::move(found));
    if (hook->hook().map_id() == current().hook().map_id()) {
      hook->forget();
      return {.order = is_followed_ ? char{} : kAdopted};
    }
    if (!is_followed_) {  // never filled, and another one has taken its place
      current().forget();
      hooks_.pop_back();
    }
    hooks_.push_back(std::move(hook));
    is_followed_ = false;
    noted_users_.reset();
    recorders_.note_flavour(current().installation().flavour());
    return {.order = kAdopted, .changed = true};
  } catch (const Error& error) {
    return {.news = std::string("following the hook: ") + error.what()};
  }
}

Source::Reaction HookSource::note_followed() {
  is_followed_ = true;
  return {.news = plan_.place->another() + ": continuing with that one" +
                  difference(plan_.actions, current().hook()),
          .changed = true};
}

// The guardian has emptied the first of several hooks.
Source::Reaction HookSource::note_left() {
  if (hooks_.size() < 2) return {};
  hooks_.front()->forget();
  hooks_.erase(hooks_.begin());
  return {.changed = true};
}

// A path without descriptors closes those held before.
void HookSource::hold(Message path) {
  std::istringstream words(path.text);
  std::uint32_t action = 0;
  std::size_t count = 0;
  words >> action >> count;
  const bool is_whole = path.received.size() == count;  // else there was no room for all
  if (is_whole) current().installation().hold(XdpAction(action), std::move(path.received));
}

// For the next guardian, which reports only changes of this state.
void HookSource::set_state(const std::string& text) {
  in_place_ = static_cast<Found>(text.at(0));
  current().set_in_use(text.at(1) != 0);
}

std::vector<std::string> HookSource::forget() {
  for (const auto& hook : hooks_) hook->forget();
  return {};
}

// A failure with one hook does not keep the others from being emptied.
void HookSource::remove(std::chrono::milliseconds lock_timeout) {
  const LockDeadline deadline(lock_timeout);
  std::exception_ptr failure;
  for (const auto& hook : hooks_) {
    try {
      hook->remove(deadline.left());
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
