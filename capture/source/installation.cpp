// SPDX-License-Identifier: BSD-3-Clause
#include "source/installation.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "process/capabilities.hpp"
#include "source/chain.hpp"
#include "source/holder.hpp"

namespace xdpcap {
namespace {

// A program that uses the hook, which is loaded but never run.
ebpf::Program make_flavour_probe(const Hook& hook) {
  using ebpf::Reg;
  ebpf::Assembler code;
  code.load_map(Reg::r2, hook.fd());
  code.alu64(ebpf::Alu::mov, Reg::r3, 0);
  code.call(BPF_FUNC_tail_call);
  code.alu64(ebpf::Alu::mov, Reg::r0, XDP_PASS);
  code.exit();
  return code.assemble();
}

// Skips recorders whose captures were killed.
std::optional<std::uint32_t> first_live_after(const UniqueFd& next) {
  if (!next.valid()) return std::nullopt;
  const std::vector<std::uint32_t> chain = chain_in(next.get(), 0);
  const std::set<std::uint32_t> dead = orphaned_recorders({chain.begin(), chain.end()});
  const auto live = std::find_if(chain.begin(), chain.end(),
                                 [&](std::uint32_t program) { return !dead.contains(program); });
  return live != chain.end() ? std::optional(*live) : std::nullopt;
}

std::string installing(const Hook& hook) {
  return "installing into the hook " + hook.path() + ": ";
}

}  // namespace

// The kernel does not report the flavour, but refuses to load a program that uses a PROG_ARRAY of
// another flavour (bpf_prog_map_compatible()). So the hook need not be changed to find it.
Flavour find_flavour(const Hook& hook) {
  const ebpf::Program probe = make_flavour_probe(hook);
  std::optional<Error> refusal;
  for (const Flavour flavour : kFlavours) {
    try {
      const UniqueFd loaded = load_xdp_program("xdpcap_flavour", probe, flavour);
      return flavour;
    } catch (const Error& error) {
      // Without the capabilities to load programs, all attempts fail for the same reason.
      if (!missing_capabilities(effective_capabilities()).empty()) throw;
      if (!refusal) refusal = error;
    }
  }
  throw Error(installing(hook) + "its programs are compatible with no known kind of recorder; " +
                  refusal->what(),
              "please report this with the output of: bpftool prog show; uname -r");
}

Installation::Installation(const Hook& hook, const std::vector<XdpAction>& actions,
                           bool may_replace, const MakeRecorder& make_recorder)
    : hook_(hook),
      folder_(open_folder(hook.lock_folder())),
      flavour_(find_flavour(hook)),
      may_replace_(may_replace) {
  for (const XdpAction action : actions) load(action, make_recorder);
  for (const Slot& slot : slots_) kept_open_.push_back(find_end(hook_.fd(), slot.action.value()));
  orphans_ = orphaned_recorders(programs_of_others());
  filled_ = true;
}

// "2 0+ 1+ 3+": the number of the flavour, then the action of each slot, with a plus if it has a
// next. Only captures that take over slots have none.
Installation::Installation(const Hook& hook, const std::string& layout,
                           std::vector<UniqueFd> descriptors)
    : hook_(hook),
      folder_(open_folder(hook.lock_folder())),
      flavour_(kFlavours.front()),
      may_replace_(false) {
  std::istringstream words(layout);
  std::size_t flavour = 0;
  words >> flavour;
  flavour_ = kFlavours.at(flavour);
  auto descriptor = std::make_move_iterator(descriptors.begin());
  const auto end = std::make_move_iterator(descriptors.end());
  const auto take = [&]() -> UniqueFd {
    if (descriptor == end) throw Error(installing(hook) + "descriptors are missing");
    return *descriptor++;
  };
  std::uint32_t action = 0;
  while (words >> action) {
    UniqueFd program = take();
    UniqueFd next = words.peek() == '+' && words.get() == '+' ? take() : UniqueFd();
    const std::uint32_t id = program_info(program.get()).id;
    slots_.push_back({XdpAction(action), std::move(program), id, std::move(next)});
  }
  may_replace_ = !slots_.empty() && !slots_.front().next.valid();
  filled_ = true;
}

Installation::Handover Installation::hand_over() const {
  Handover handover;
  const auto number = std::find(kFlavours.begin(), kFlavours.end(), flavour_) - kFlavours.begin();
  handover.layout = std::to_string(number);
  for (const Slot& slot : slots_) {
    handover.layout += ' ' + std::to_string(slot.action.value());
    handover.descriptors.push_back(slot.program.get());
    if (!slot.next.valid()) continue;
    handover.layout += '+';
    handover.descriptors.push_back(slot.next.get());
  }
  return handover;
}

Installation::~Installation() {
  remove_recorders(kLockTimeout, nullptr);
}

void Installation::load(XdpAction action, const MakeRecorder& make_recorder) {
  UniqueFd next = may_replace_ ? UniqueFd() : create_next();
  UniqueFd program = load_xdp_program("xdpcap_" + action.name(),
                                      make_recorder(action, flavour_, next.get()), flavour_);
  const std::uint32_t id = program_info(program.get()).id;
  slots_.push_back({action, std::move(program), id, std::move(next)});
}

Error Installation::refusal(const Slot& slot, std::uint32_t holder) const {
  const bool is_full = chain_in(hook_.fd(), slot.action.value()).size() >= kLongestChain;
  std::string hint = "end one of them, or take over with --replace";
  if (!has_capability(CAP_SYS_ADMIN)) {
    hint =
        "captures can share a hook, if the later one has CAP_SYS_ADMIN: give it that, or take "
        "over with --replace";
  }
  const std::string first =
      is_full ? std::to_string(kLongestChain) + " programs, the first is " : "";
  return Error(installing(hook_) + "slot " + slot.action.name() + " already holds " + first +
                   describe_program(holder),
               hint);
}

// Loading takes long and does not hold the lock, so the slots are read only here.
void Installation::fill() {
  const HookLock lock(folder_.get(), kLockTimeout);
  proceeded_without_lock_ = !lock.held();
  filled_ = true;
  try {
    for (Slot& slot : slots_) {
      static_cast<void>(remove_orphans(slot));
      fill(slot);
    }
    kept_open_.clear();
  } catch (const Error&) {
    for (const Slot& slot : slots_) static_cast<void>(remove_recorder(slot));
    filled_ = false;
    throw;
  }
}

void Installation::fill(Slot& slot) const {
  if (place_of(slot)) return;  // another process has filled it
  const std::uint32_t key = slot.action.value();
  const auto holder = hook_.program_in(slot.action);
  bool done = false;
  if (may_replace_ || !holder) {
    done = put(slot, {key});
  } else {
    Place end = find_end(hook_.fd(), key);
    const auto last = program_at(end.map_fd(hook_.fd()), end.key());
    const std::size_t length = end.nexts.size() + (last ? 1 : 0);
    if (length >= kLongestChain) throw refusal(slot, *holder);
    if (last && !put_program(slot.next.get(), 0, *last)) throw refusal(slot, *holder);
    done = join(slot, std::move(end));
  }
  if (!done) throw system_error(installing(hook_) + "slot " + slot.action.name(), errno);
}

// A recorder is called from one place only: a recorder that called it before may return to the
// chain after this capture has ended, and must not call it then.
bool Installation::join(Slot& slot, Place place) const {
  if (!put(slot, place)) return false;
  constexpr std::uint32_t kKey = 0;
  for (const UniqueFd& next : slot.called_through) {
    const bool is_place = !place.nexts.empty() && same_map(next.get(), place.nexts.back().get());
    if (is_place || program_at(next.get(), 0) != slot.program_id) continue;
    bpf_map_delete_elem(next.get(), &kKey);
  }
  hold(slot, std::move(place.nexts));
  return true;
}

bool Installation::put(const Slot& slot, const Place& place) const {
  const std::uint32_t key = place.key();
  const int program = slot.program.get();
  return bpf_map_update_elem(place.map_fd(hook_.fd()), &key, &program, BPF_ANY) == 0;
}

std::set<std::uint32_t> Installation::programs_of_others() const {
  std::set<std::uint32_t> programs;
  for (const Slot& slot : slots_) {
    const auto chain = chain_in(hook_.fd(), slot.action.value());
    programs.insert(chain.begin(), chain.end());
  }
  for (const Slot& slot : slots_) programs.erase(slot.program_id);
  return programs;
}

// Recorders whose captures were killed with their guardians would still cost time for each packet.
bool Installation::remove_orphans(const Slot& slot) const {
  if (orphans_.empty() || may_replace_) return false;
  bool removed = false;
  const std::uint32_t key = slot.action.value();
  for (const std::uint32_t program : chain_in(hook_.fd(), key)) {
    if (!orphans_.contains(program)) continue;
    const auto place = find_place(hook_.fd(), key, program);
    if (place && remove_recorder(*place, next_of(program))) removed = true;
  }
  return removed;
}

void Installation::remove(std::chrono::milliseconds timeout) {
  std::string failure;
  remove_recorders(timeout, &failure);
  if (failure.empty()) return;
  throw Error("emptying the hook " + hook_.path() + ": " + failure,
              "remaining recorders still cost time for each packet, until the next capture");
}

void Installation::remove_recorders(std::chrono::milliseconds timeout,
                                    std::string* failure) noexcept {
  if (!std::exchange(filled_, false)) return;
  bool all_out = true;
  // Without the lock if necessary: that is better than leaving the recorders in the hook.
  const HookLock lock(folder_.get(), timeout);
  for (const Slot& slot : slots_) {
    try {
      if (remove_recorder(slot)) continue;
      throw system_error("slot " + slot.action.name(), errno);
    } catch (const std::exception& error) {
      all_out = false;
      if (failure != nullptr) *failure = error.what();
    }
  }
  filled_ = !all_out;
}

// The nexts that called it last are checked, too: they may call it again once other captures have
// repaired the slot, and can be read without the right to inspect other captures' programs.
std::optional<Place> Installation::place_of(const Slot& slot) const {
  auto place = find_place(hook_.fd(), slot.action.value(), slot.program_id);
  if (place) return place;
  for (const UniqueFd& next : slot.called_through) {
    if (program_at(next.get(), 0) != slot.program_id) continue;
    place.emplace(Place{slot.action.value()});
    place->nexts.emplace_back(::fcntl(next.get(), F_DUPFD_CLOEXEC, 0));
    break;
  }
  return place;
}

bool Installation::remove_recorder(const Slot& slot) const {
  const auto place = place_of(slot);
  if (place) return remove_recorder(*place, slot.next);
  // Others may call it, but their programs can only be inspected with CAP_SYS_ADMIN.
  errno = EPERM;
  return has_capability(CAP_SYS_ADMIN) || !hook_.program_in(slot.action);
}

// If the kernel refuses to connect the others, the recorder stays and continues to call them.
bool Installation::remove_recorder(const Place& place, const UniqueFd& next) const {
  const int map = place.map_fd(hook_.fd());
  const std::uint32_t key = place.key();
  if (const auto successor = first_live_after(next)) {
    if (put_program(map, key, *successor)) return true;
    if (errno != ENOENT) return false;
  }
  return bpf_map_delete_elem(map, &key) == 0 || errno == ENOENT;
}

}  // namespace xdpcap
