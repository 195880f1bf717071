// SPDX-License-Identifier: BSD-3-Clause
// What an installation does about a hook that others change.
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

#include "kernel/capabilities.hpp"
#include "kernel/chain.hpp"
#include "kernel/holder.hpp"
#include "kernel/hook_lock.hpp"
#include "kernel/installation.hpp"
#include "kernel/map_info.hpp"

namespace xdpcap {

std::vector<std::string> Installation::look() {
  std::vector<std::string> news;
  if (!filled_) return news;
  ++looks_;
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
  if (!lock.held() && !is_free_to_repair()) return news;
  if (lock.held()) looks_in_vain_ = 0;
  // What fails with one slot must not hide what was done about another.
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

// Other captures hold the lock for milliseconds. Whoever holds it longer is none.
bool Installation::is_free_to_repair() {
  constexpr unsigned kMostLooksInVain = 5;
  return ++looks_in_vain_ > kMostLooksInVain;
}

// Of a slot whose first program is not ours.
std::string Installation::look(Slot& slot) {
  const auto holder = hook_.program_in(slot.action);
  // Whether we stand after another capture cannot be seen by everybody: then it is believed.
  if (holder && !has_capability(CAP_SYS_ADMIN)) return {};
  if (auto place = find_place(hook_.fd(), slot.action.value(), slot.program_id)) {
    hold(slot, std::move(place->next));
    slot.taken_over_by.reset();
    return {};
  }
  const std::string begin = "slot " + slot.action.name() + " of the hook " + hook_.path();
  if (!holder) {
    slot.taken_over_by.reset();
    return put(slot) ? begin + " was emptied by somebody else: put the recorder back"
                     : begin + " was emptied by somebody else, and takes no recorder any more";
  }
  const std::string repaired = repair(slot, *holder);
  if (!repaired.empty()) {
    slot.taken_over_by.reset();
    return begin + repaired;
  }
  if (std::exchange(slot.taken_over_by, holder) == holder) return {};
  return begin + " was taken over by " + describe_program(*holder) +
         ": nothing is captured there until that one goes";
}

// The end of a line that says what was done; empty when there is nothing to be done.
std::string Installation::repair(Slot& slot, std::uint32_t holder) {
  if (may_replace_) {
    // Whoever we had taken the slot over from has put it back where somebody emptied it.
    const bool was_there_before = holder < slot.program_id;
    return was_there_before && put(slot) ? " was emptied by somebody else, and refilled by another "
                                           "capture: took it over again"
                                         : "";
  }
  const std::vector<std::uint32_t> chain = chain_in(hook_.fd(), slot.action.value());
  if (leads_into(slot, chain)) {
    const bool done = chain.size() < kLongestChain && put_program(slot.next.get(), 0, holder);
    return done && put(slot)
               ? " was emptied by somebody else, and refilled by another capture: put the recorder "
                 "back in front of that one's"
               : "";
  }
  if (chain.size() == 1 && is_left_over(holder) && put(slot)) {
    return " held a recorder whose capture was killed: put the own one in its place";
  }
  if (go_to_the_end(slot)) {
    return " was emptied by somebody else, or a capture in front was killed: put the recorder back "
           "after those of others";
  }
  return {};
}

// Whether what comes after us stands in the slot now: then that was emptied, and the other one put
// back first. To go in front of the chain again makes no circle: we are not in it.
bool Installation::leads_into(const Slot& slot, const std::vector<std::uint32_t>& chain) {
  if (!slot.next.valid()) return false;
  const std::vector<std::uint32_t> ours = chain_in(slot.next.get(), 0);
  return std::any_of(ours.begin(), ours.end(), [&](std::uint32_t program) {
    return std::find(chain.begin(), chain.end(), program) != chain.end();
  });
}

// Every recorder that shares its slot can go on to another one. What comes after us is not in that
// chain, so this makes no circle either.
bool Installation::go_to_the_end(Slot& slot) const {
  auto end = find_end(hook_.fd(), slot.action.value());
  if (!end) return false;
  const int program = slot.program.get();
  if (bpf_map_update_elem(end->next.get(), &end->key, &program, BPF_ANY) != 0) return false;
  hold(slot, std::move(end->next));
  return true;
}

// Looking opens it anew each time.
void Installation::hold(Slot& slot, UniqueFd next) {
  const auto info = next.valid() ? map_info(next.get()) : std::nullopt;
  const std::uint32_t id = info ? info->id : 0;
  if (id == slot.called_from_id) return;
  slot.called_from = std::move(next);
  slot.called_from_id = id;
  slot.shared = false;
}

void Installation::hold(XdpAction action, UniqueFd next) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& one) { return one.action == action; });
  if (slot != slots_.end()) hold(*slot, std::move(next));
}

std::vector<Installation::Entrance> Installation::unshared_entrances() const {
  std::vector<Entrance> entrances;
  for (const Slot& slot : slots_) {
    if (!slot.shared) entrances.push_back({slot.action, slot.called_from.get()});
  }
  return entrances;
}

std::vector<int> Installation::entrances() const {
  std::vector<int> all;
  for (const Slot& slot : slots_) {
    if (slot.called_from.valid()) all.push_back(slot.called_from.get());
  }
  return all;
}

void Installation::shared(XdpAction action) {
  for (Slot& slot : slots_) slot.shared = slot.shared || slot.action == action;
}

// Asked anew for all slots at once, and not at each look: it takes a walk through /proc.
bool Installation::is_left_over(std::uint32_t program) {
  constexpr unsigned kAskEvery = 10;
  const auto is_new = [&](const Slot& slot) {
    const auto holder = hook_.program_in(slot.action);
    return holder && *holder != slot.program_id && slot.taken_over_by != holder;
  };
  if (looks_ % kAskEvery == 0 || std::any_of(slots_.begin(), slots_.end(), is_new)) {
    left_over_ = left_over(first_programs());
  }
  return left_over_.contains(program);
}

std::set<std::uint32_t> Installation::first_programs() const {
  std::set<std::uint32_t> programs;
  for (const Slot& slot : slots_) {
    const auto holder = hook_.program_in(slot.action);
    if (holder && *holder != slot.program_id) programs.insert(*holder);
  }
  return programs;
}

}  // namespace xdpcap
