// SPDX-License-Identifier: BSD-3-Clause
// What the guardian of an attachment does once a second.
#include <bpf/bpf.h>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/map_info.hpp"
#include "source/attachment.hpp"

namespace xdpcap {
namespace {

// The map that is pinned at a path now; 0 when there is none. Nothing when it cannot be opened.
std::optional<std::uint32_t> pinned_map(const std::string& path) {
  const UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) return errno == ENOENT ? std::optional<std::uint32_t>(0) : std::nullopt;
  const auto info = map_info(fd.get());
  return info ? std::optional(info->id) : std::nullopt;
}

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

// What fails is tried again the next time, and reported once.
void Attachment::look_around(const Guardian::Report& report) {
  const auto look_at = [&](auto&& what) {
    try {
      for (std::string& line : what()) note(kNews, std::move(line));
    } catch (const std::exception& error) {
      if (std::exchange(last_error_, error.what()) != error.what()) {
        note(kNews, std::string("looking after the hook: ") + error.what());
      }
    }
  };
  look_at([&] { return current().look_at_slots(); });
  look_at([&] {
    leave_former_hooks();
    return std::vector<std::string>();
  });
  look_at([&] { return current().look_at_users(); });
  look_at([&] { return look_at_pin(report); });
  send_news(report);
  send_paths(report);
  static_cast<void>(report.send(
      {.kind = kState, .text = {static_cast<char>(pin_), static_cast<char>(current().in_use())}}));
}

// To the capture, so that they stay open when the guardian is killed as well.
void Attachment::send_paths(const Guardian::Report& report) {
  Installation& installation = current().installation();
  for (auto& [action, nexts] : installation.unshared_paths()) {
    const std::string text = std::to_string(action.value()) + ' ' + std::to_string(nexts.size());
    const bool is_sent =
        report.send({.kind = kPath, .text = text, .descriptors = std::move(nexts)});
    if (is_sent) installation.shared(action);
  }
}

void Attachment::send_news(const Guardian::Report& report) {
  while (!unsent_.empty() && report.send(unsent_.front())) unsent_.pop_front();
}

// The capture may be stopped, and take nothing for a long time.
void Attachment::note(char kind, std::string text) {
  constexpr std::size_t kMostUnsent = 1000;
  if (unsent_.size() < kMostUnsent) unsent_.push_back({.kind = kind, .text = std::move(text)});
}

// Recorders are in the current hook by now.
void Attachment::leave_former_hooks() {
  while (hooks_.size() > 1) {
    hooks_.front()->remove();  // throws: tried again with the next look
    hooks_.erase(hooks_.begin());
    note(kMoved);
  }
}

std::vector<std::string> Attachment::look_at_pin(const Guardian::Report& report) {
  const Hook& hook = current().hook();
  const std::string& path = hook.path();
  const auto map = pinned_map(path);
  const Pin pin = !map                    ? Pin::unknown
                  : *map == 0             ? Pin::gone
                  : *map == hook.map_id() ? Pin::ours
                                          : Pin::another;
  if (pin == Pin::another && plan_.follow) {
    follow(report);
    return {};
  }
  if (pin == Pin::unknown || std::exchange(pin_, pin) == pin) return {};
  if (pin == Pin::ours) return {"the hook is pinned at " + path + " again"};
  if (pin == Pin::gone) {
    return {"the hook was unpinned from " + path + ": going on with it" +
            (plan_.follow ? " until another is pinned there" : "")};
  }
  return {"another hook was pinned at " + path +
          ": still capturing from the one before (--follow would go on with the new one)"};
}

// The capture first gets all that it needs to empty the new hook, should the guardian be killed:
// what it cannot take now is offered again with the next look.
void Attachment::follow(const Guardian::Report& report) {
  Hook opened = Hook::open(current().hook().path());
  if (!opened.has_owner()) return;
  if (!found_ || found_->hook().map_id() != opened.map_id()) {
    auto found = std::make_unique<AttachedHook>(std::move(opened));
    found->load(plan_.actions, plan_.replace, [&](XdpAction action, Flavour flavour, int next_fd) {
      report.alive();
      return plan_.make_recorder(action, flavour, next_fd);
    });
    found_ = std::move(found);
  }
  static_cast<void>(report.send(found_->hand_over(kFound)));
}

// Into the new hook first, so that no packet is missed while both programs are at work.
void Attachment::move(const Guardian::Report& report) {
  if (!found_) return;
  try {
    if (plan_.note_flavour) plan_.note_flavour(found_->installation().flavour());
    found_->fill();
    hooks_.push_back(std::move(found_));
    pin_ = Pin::ours;
    last_error_.clear();
    note(kNews, "another hook was pinned at " + current().hook().path() +
                    ": going on with that one" + difference(plan_.actions, current().hook()));
    leave_former_hooks();
  } catch (const std::exception& error) {
    note(kNews, std::string("following the hook: ") + error.what());
  }
  send_news(report);
  send_paths(report);
}

}  // namespace xdpcap
