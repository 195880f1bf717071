// SPDX-License-Identifier: BSD-3-Clause
// Detects and repairs changes that other processes make to a hook.
#include <bpf/bpf.h>
#include <linux/capability.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bpf/map_info.hpp"
#include "process/capabilities.hpp"
#include "source/chain.hpp"
#include "source/holder.hpp"
#include "source/hook_lock.hpp"
#include "source/installation.hpp"

namespace xdpcap {
namespace {

constexpr std::uint32_t kNextKey = 0;
constexpr const char* kReinstalled = " was emptied by another process: reinstalled the recorder";

}  // namespace

std::vector<std::string> Installation::look() {
  std::vector<std::string> news;
  if (!filled_) return news;
  if (++looks_ > 1) kept_open_.clear();  // in the guardian: the capture has filled the slots
  const auto is_first = [&](const Slot& slot) {
    return hook_.program_in(slot.action) == slot.program_id;
  };
  for (Slot& slot : slots_) {
    if (!is_first(slot)) continue;
    slot.taken_over_by.reset();
    hold(slot, {});
  }
  if (std::all_of(slots_.begin(), slots_.end(), is_first)) return news;
  const HookLock lock(folder_.get(), std::chrono::milliseconds(0));
  if (!lock.held() && !may_repair_without_lock()) return news;
  if (lock.held()) looks_without_lock_ = 0;
  // A failure with one slot must not hide the repair of another.
  std::exception_ptr failure;
  for (Slot& slot : slots_) {
    try {
      std::string line = is_first(slot) ? std::string() : look(slot);
      if (!line.empty()) news.push_back(std::move(line));
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
  }
  if (news.empty() && failure) std::rethrow_exception(failure);
  return news;
}

// Captures hold the lock for milliseconds: a process that holds it longer is not one.
bool Installation::may_repair_without_lock() {
  constexpr unsigned kMostLooksWithoutLock = 5;
  return ++looks_without_lock_ > kMostLooksWithoutLock;
}

// For a slot whose first program is not ours.
std::string Installation::look(Slot& slot) {
  const auto holder = hook_.program_in(slot.action);
  // Without CAP_SYS_ADMIN the chain cannot be read: then our recorder is assumed to be in it.
  if (holder && !has_capability(CAP_SYS_ADMIN)) return {};
  if (auto place = find_place(hook_.fd(), slot.action.value(), slot.program_id)) {
    hold(slot, std::move(place->nexts));
    slot.taken_over_by.reset();
    return {};
  }
  const std::string begin = "slot " + slot.action.name() + " of the hook " + hook_.path();
  if (!holder) {
    slot.taken_over_by.reset();
    return join(slot, {slot.action.value()})
               ? begin + kReinstalled
               : begin + " was emptied by another process, and accepts no recorder any more";
  }
  const std::string repaired = repair(slot, *holder);
  if (!repaired.empty()) {
    slot.taken_over_by.reset();
    return begin + repaired;
  }
  if (std::exchange(slot.taken_over_by, holder) == holder) return {};
  return begin + " was taken over by " + describe_program(*holder) +
         ": nothing is captured there until that program is removed";
}

// Returns the end of a line that reports the repair; empty if nothing was repaired.
std::string Installation::repair(Slot& slot, std::uint32_t holder) {
  if (may_replace_) {
    // An older program: its capture, from which we had taken over the slot, has reinstalled it
    // after another process emptied the slot.
    const bool was_there_before = holder < slot.program_id;
    return was_there_before && join(slot, {slot.action.value()})
               ? " was emptied by another process, and refilled by another capture: took it over "
                 "again"
               : "";
  }
  const Place kept_open = find_end(hook_.fd(), slot.action.value());  // see kept_open_
  find_orphans(slot);
  const bool removed_orphans = remove_orphans(slot);
  Place end = find_end(hook_.fd(), slot.action.value());
  const auto last = program_at(end.map_fd(hook_.fd()), end.key());
  const bool leads_back = leads_into_chain(slot);
  // A program without a next has taken over the slot, unless it was there before us.
  if (last && end.nexts.empty() && !leads_back) return {};
  if (!last && leads_back) bpf_map_delete_elem(slot.next.get(), &kNextKey);
  if (last && !put_program(slot.next.get(), 0, *last)) return {};
  const bool is_first = end.nexts.empty();
  if (!join(slot, std::move(end))) return {};
  if (!is_first || last) {
    return " was emptied by another process, or an earlier capture in the chain was killed: "
           "reinstalled the recorder beside those of other captures";
  }
  return removed_orphans ? " held a recorder whose capture was killed: replaced it with our own"
                         : kReinstalled;
}

// Whether a program that we call is in the slot's chain: then the slot was emptied, and another
// capture has reinstalled its recorder first.
bool Installation::leads_into_chain(const Slot& slot) const {
  const std::vector<std::uint32_t> ours = chain_in(slot.next.get(), 0);
  const std::vector<std::uint32_t> chain = chain_in(hook_.fd(), slot.action.value());
  return std::any_of(ours.begin(), ours.end(), [&](std::uint32_t program) {
    return std::find(chain.begin(), chain.end(), program) != chain.end();
  });
}

// Each look opens the same maps again: then the descriptors are not replaced.
void Installation::hold(Slot& slot, std::vector<UniqueFd> nexts) {
  const auto is_same = [](const UniqueFd& a, const UniqueFd& b) {
    return same_map(a.get(), b.get());
  };
  if (std::equal(nexts.begin(), nexts.end(), slot.called_through.begin(), slot.called_through.end(),
                 is_same)) {
    return;
  }
  slot.called_through = std::move(nexts);
  slot.shared = false;
}

void Installation::hold(XdpAction action, std::vector<UniqueFd> nexts) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& one) { return one.action == action; });
  if (slot != slots_.end()) hold(*slot, std::move(nexts));
}

std::vector<Installation::Path> Installation::unshared_paths() const {
  std::vector<Path> paths;
  for (const Slot& slot : slots_) {
    if (slot.shared) continue;
    Path& path = paths.emplace_back(Path{slot.action, {}});
    for (const UniqueFd& next : slot.called_through) path.nexts.push_back(next.get());
  }
  return paths;
}

std::vector<int> Installation::held() const {
  std::vector<int> all;
  for (const Slot& slot : slots_) {
    for (const UniqueFd& next : slot.called_through) all.push_back(next.get());
  }
  for (const Place& place : kept_open_) {
    for (const UniqueFd& next : place.nexts) all.push_back(next.get());
  }
  return all;
}

void Installation::mark_shared(XdpAction action) {
  for (Slot& slot : slots_) slot.shared = slot.shared || slot.action == action;
}

// Searches for all slots together, and not with each look, as that reads all of /proc.
void Installation::find_orphans(const Slot& slot) {
  constexpr unsigned kSearchEvery = 10;
  const bool is_reported = slot.taken_over_by == hook_.program_in(slot.action);
  if (orphans_found_at_ == looks_ || (is_reported && looks_ % kSearchEvery != 0)) return;
  orphans_found_at_ = looks_;
  orphans_ = orphaned_recorders(programs_of_others());
}

}  // namespace xdpcap
