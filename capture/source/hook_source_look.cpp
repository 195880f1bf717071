// SPDX-License-Identifier: BSD-3-Clause
// The part of a hook source that runs in the guardian.
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/program_info.hpp"
#include "source/hook_source.hpp"

namespace xdpcap {
// A step that fails is tried again with the next look, and its error is reported once.
void HookSource::look(SourceReports& reports) {
  const auto look_at = [&](auto&& what) {
    try {
      for (std::string& line : what()) reports.news(std::move(line));
    } catch (const std::exception& error) {
      report_failure("watching the hook: ", error, reports);
    }
  };
  look_at([&] {
    // The guardian that was to fill it was killed, perhaps in the middle of that.
    if (!is_followed_) current().fill();
    leave_former_hooks(reports);
    return std::vector<std::string>();
  });
  look_at([&] { return current().look_at_slots(); });
  look_at([&] { return current().look_at_users(); });
  look_at([&] { return look_at_programs(); });
  look_at([&] { return look_at_place(reports); });
  reports.flush();
  send_paths(reports);
  static_cast<void>(reports.send(
      {.kind = kState,
       .text = {static_cast<char>(in_place_), static_cast<char>(current().in_use())}}));
}

// The recorders stay.
std::vector<std::string> HookSource::look_at_programs() {
  const std::vector<std::uint32_t>& users = current().users();
  const auto noted = std::exchange(noted_users_, users);
  if (!noted || *noted == users) return {};
  return recorders_.note_programs(users, false);
}

void HookSource::report_failure(const char* doing, const std::exception& error,
                                SourceReports& reports) {
  if (std::exchange(last_error_, error.what()) == error.what()) return;
  reports.news(std::string(doing) + error.what());
}

void HookSource::take_order(char order, SourceReports& reports) {
  if (order == kAdopted) move(reports);
}

// Sends them to the capture, so that they stay open if the guardian is killed.
void HookSource::send_paths(SourceReports& reports) {
  Installation& installation = current().installation();
  for (auto& [action, nexts] : installation.unshared_paths()) {
    const std::string text = std::to_string(action.value()) + ' ' + std::to_string(nexts.size());
    const bool is_sent =
        reports.send({.kind = kPath, .text = text, .descriptors = std::move(nexts)});
    if (is_sent) installation.mark_shared(action);
  }
}

// Called when the recorders are in the current hook.
void HookSource::leave_former_hooks(SourceReports& reports) {
  std::exception_ptr failure;
  try {
    while (hooks_.size() > 1) {
      hooks_.front()->remove();
      hooks_.erase(hooks_.begin());
      reports.post(kLeft);
    }
  } catch (const Error&) {
    failure = std::current_exception();  // tried again with the next look
  }
  if (!std::exchange(is_followed_, true)) reports.post(kFollowed);
  if (failure) std::rethrow_exception(failure);
}

std::vector<std::string> HookSource::look_at_place(SourceReports& reports) {
  if (!plan_.place) return {};
  const auto map = plan_.place->map();
  const Found found = !map                                ? Found::unknown
                      : *map == 0                         ? Found::none
                      : *map == current().hook().map_id() ? Found::ours
                                                          : Found::another;
  if (found == Found::another && plan_.follow) {
    follow(reports);
    return {};
  }
  if (found == Found::unknown || std::exchange(in_place_, found) == found) return {};
  if (found == Found::ours) return {plan_.place->back()};
  if (found == Found::none) return {plan_.place->gone(plan_.follow)};
  return {plan_.place->another() +
          ": still capturing from the previous one (--follow would switch to the new one)"};
}

// Before the hook is filled, the capture gets all that it needs to empty it if the guardian is
// killed. If it cannot receive that now, it is sent again with the next look.
void HookSource::follow(SourceReports& reports) {
  Hook opened = plan_.place->open();
  if (!opened.has_owner()) return;
  if (reports.is_captured_elsewhere(opened.map_id())) {
    throw Error("another source of this capture has the hook " + opened.path() +
                " already; it is not captured twice");
  }
  if (!found_ || found_->hook().map_id() != opened.map_id()) {
    const auto programs = programs_using(opened.map_id());
    for (std::string& line : plan_.others.find(programs)) reports.news(std::move(line));
    for (std::string& line : recorders_.note_programs(programs, true)) {
      reports.news(std::move(line));
    }
    auto found = std::make_unique<CapturedHook>(std::move(opened));
    found->load(plan_.actions, plan_.replace, [&](XdpAction action, Flavour flavour, int next_fd) {
      reports.alive();
      return recorders_.make(action, flavour, next_fd);
    });
    found_ = std::move(found);
  }
  static_cast<void>(reports.send(found_->hand_over(kFound)));
}

// Fills the new hook before it empties the old one, so that no packet is missed while both programs
// run.
void HookSource::move(SourceReports& reports) {
  if (!found_) return;
  try {
    recorders_.note_flavour(found_->installation().flavour());
    found_->fill();
    hooks_.push_back(std::move(found_));
    in_place_ = Found::ours;
    last_error_.clear();
    is_followed_ = false;
    noted_users_ = current().users();
    leave_former_hooks(reports);
  } catch (const std::exception& error) {
    report_failure("following the hook: ", error, reports);
  }
  reports.flush();
  send_paths(reports);
}

}  // namespace xdpcap
