// SPDX-License-Identifier: BSD-3-Clause
#include "source/captured_hook.hpp"

#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "bpf/program_info.hpp"
#include "process/capabilities.hpp"

namespace xdpcap {
namespace {

// The actions that the hook has slots for.
std::vector<XdpAction> actions_in(const Hook& hook, const std::vector<XdpAction>& actions) {
  std::vector<XdpAction> fitting;
  std::copy_if(actions.begin(), actions.end(), std::back_inserter(fitting),
               [&](XdpAction action) { return action.value() < hook.slots(); });
  return fitting;
}

UniqueFd take_first(std::vector<UniqueFd>& descriptors) {
  if (descriptors.empty()) throw Error("taking over a hook: no descriptors were received");
  UniqueFd first = std::move(descriptors.front());
  descriptors.erase(descriptors.begin());
  return first;
}

// The path of the hook, and a zero byte, come before the layout of the installation.
Hook take_hook(Message& handover) {
  const std::size_t end = handover.text.find('\0');
  if (end == std::string::npos) throw Error("taking over a hook: it has no path");
  const std::string path = handover.text.substr(0, end);
  handover.text.erase(0, end + 1);
  return Hook::adopt(path, take_first(handover.received));
}

}  // namespace

CapturedHook::CapturedHook(Hook hook) : hook_(std::move(hook)) {}

CapturedHook::CapturedHook(Message handover)
    : hook_(take_hook(handover)),
      installation_(
          std::make_unique<Installation>(hook_, handover.text, std::move(handover.received))) {}

Message CapturedHook::hand_over(char kind) const {
  Installation::Handover handover = installation_->hand_over();
  handover.descriptors.insert(handover.descriptors.begin(), hook_.fd());
  return {.kind = kind,
          .text = hook_.path() + '\0' + handover.layout,
          .descriptors = std::move(handover.descriptors)};
}

std::vector<int> CapturedHook::descriptors() const {
  std::vector<int> all = installation_->hand_over().descriptors;
  all.push_back(hook_.fd());
  all.push_back(installation_->folder_fd());
  for (const int fd : installation_->held()) all.push_back(fd);
  return all;
}

void CapturedHook::load(const std::vector<XdpAction>& actions, bool may_replace,
                        const Installation::MakeRecorder& make_recorder) {
  installation_ =
      std::make_unique<Installation>(hook_, actions_in(hook_, actions), may_replace, make_recorder);
}

void CapturedHook::fill() {
  installation_->fill();
  users_ = programs_using(hook_.map_id());
}

void CapturedHook::remove(std::chrono::milliseconds timeout) {
  installation_->remove(timeout);
}

// Looks up the programs that use the hook only when none of the known ones is loaded any more.
std::vector<std::string> CapturedHook::look_at_users() {
  if (!has_capability(CAP_SYS_ADMIN)) return {};
  // A program that cannot be queried counts as loaded.
  const auto is_loaded = [](std::uint32_t id) {
    return find_program(id).has_value() || errno != ENOENT;
  };
  if (std::any_of(users_.begin(), users_.end(), is_loaded)) return {};
  users_ = programs_using(hook_.map_id());
  const bool in_use = !users_.empty();
  if (std::exchange(in_use_, in_use) == in_use) return {};
  if (in_use) return {"a program uses the hook " + hook_.path() + " again"};
  return {"no loaded program uses the hook " + hook_.path() +
          " any more (unloaded, or its interface was removed): no packets until one does"};
}

}  // namespace xdpcap
