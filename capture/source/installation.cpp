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

// return XDP_PASS, after a tail call into the hook that is never made.
ebpf::Program make_user_of(const Hook& hook) {
  using ebpf::Reg;
  ebpf::Assembler code;
  code.load_map(Reg::r2, hook.fd());
  code.alu64(ebpf::Alu::mov, Reg::r3, 0);
  code.call(BPF_FUNC_tail_call);
  code.alu64(ebpf::Alu::mov, Reg::r0, XDP_PASS);
  code.exit();
  return code.assemble();
}

// A recorder whose capture has been killed is not worth being called again.
std::optional<std::uint32_t> first_live_after(const UniqueFd& next) {
  if (!next.valid()) return std::nullopt;
  const std::vector<std::uint32_t> chain = chain_in(next.get(), 0);
  const std::set<std::uint32_t> dead = left_over({chain.begin(), chain.end()});
  const auto live = std::find_if(chain.begin(), chain.end(),
                                 [&](std::uint32_t program) { return !dead.contains(program); });
  return live != chain.end() ? std::optional(*live) : std::nullopt;
}

std::string installing(const Hook& hook) {
  return "installing into the hook " + hook.path() + ": ";
}

}  // namespace

// Nothing tells the flavour, but the kernel refuses to load a program that uses a PROG_ARRAY of
// another one (bpf_prog_map_compatible()): so the hook itself need not be touched to find out.
Flavour find_flavour(const Hook& hook) {
  const ebpf::Program user = make_user_of(hook);
  std::optional<Error> refusal;
  for (const Flavour flavour : kFlavours) {
    try {
      const UniqueFd loaded = load_xdp_program("xdpcap_flavour", user, flavour);
      return flavour;
    } catch (const Error& error) {
      // Without the right to load anything, the first refusal says it all.
      if (!missing_capabilities(effective_capabilities()).empty()) throw;
      if (!refusal) refusal = error;
    }
  }
  throw Error(installing(hook) + "its programs take a recorder of none of the known flavours; " +
                  refusal->what(),
              "please report this with the output of: bpftool prog show; uname -r");
}

Installation::Installation(const Hook& hook, const std::vector<XdpAction>& actions,
                           bool may_replace, const MakeRecorder& make_recorder)
    : hook_(hook),
      folder_(open_folder_of(hook.path())),
      flavour_(find_flavour(hook)),
      may_replace_(may_replace) {
  for (const XdpAction action : actions) load(action, make_recorder);
  for (const Slot& slot : slots_) kept_open_.push_back(find_end(hook_.fd(), slot.action.value()));
  left_over_ = left_over(programs_of_others());
  filled_ = true;
}

// "2 0+ 1+ 3+": the number of the flavour, then the action of each slot, with a plus if it has a
// next. Only who takes slots over has none.
Installation::Installation(const Hook& hook, const std::string& layout,
                           std::vector<UniqueFd> descriptors)
    : hook_(hook),
      folder_(open_folder_of(hook.path())),
      flavour_(kFlavours.front()),
      may_replace_(false) {
  std::istringstream words(layout);
  std::size_t flavour = 0;
  words >> flavour;
  flavour_ = kFlavours.at(flavour);
  auto descriptor = std::make_move_iterator(descriptors.begin());
  const auto end = std::make_move_iterator(descriptors.end());
  std::uint32_t action = 0;
  while (words >> action && descriptor != end) {
    UniqueFd program = *descriptor++;
    const bool has_next = words.peek() == '+' && words.get() == '+' && descriptor != end;
    UniqueFd next = has_next ? *descriptor++ : UniqueFd();
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
  take_out(kLockTimeout, nullptr);
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

// Loading took its time, without the lock: so each slot is looked at only now.
void Installation::fill() {
  const HookLock lock(folder_.get(), kLockTimeout);
  went_on_unlocked_ = !lock.held();
  try {
    for (Slot& slot : slots_) {
      drop_left_over(slot);
      fill(slot);
    }
    kept_open_.clear();
  } catch (const Error&) {
    for (const Slot& slot : slots_) static_cast<void>(take_out(slot));
    filled_ = false;
    throw;
  }
}

void Installation::fill(Slot& slot) const {
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

// A recorder is called from one place only: what called it before may come back, and must not call
// it then, when its capture may have ended.
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

// Recorders whose captures were killed with their guardians cost each packet their time.
void Installation::drop_left_over(const Slot& slot) const {
  if (left_over_.empty() || may_replace_) return;
  const std::uint32_t key = slot.action.value();
  for (const std::uint32_t program : chain_in(hook_.fd(), key)) {
    if (!left_over_.contains(program)) continue;
    const auto place = find_place(hook_.fd(), key, program);
    if (place) static_cast<void>(take_out(*place, next_of(program)));
  }
}

void Installation::remove(std::chrono::milliseconds timeout) {
  std::string failure;
  take_out(timeout, &failure);
  if (failure.empty()) return;
  throw Error("emptying the hook " + hook_.path() + ": " + failure,
              "what stays in it counts packets for nobody until the next capture");
}

void Installation::take_out(std::chrono::milliseconds timeout, std::string* failure) noexcept {
  if (!std::exchange(filled_, false)) return;
  bool all_out = true;
  // Without the lock, if need be: a hook that is emptied so is better than one that is not.
  const HookLock lock(folder_.get(), timeout);
  for (const Slot& slot : slots_) {
    try {
      if (take_out(slot)) continue;
      throw system_error("slot " + slot.action.name(), errno);
    } catch (const std::exception& error) {
      all_out = false;
      if (failure != nullptr) *failure = error.what();
    }
  }
  filled_ = !all_out;
}

// What called it last may do so again, once others have repaired the slot; and may be looked into
// without the right to look at others' programs.
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

bool Installation::take_out(const Slot& slot) const {
  const auto place = place_of(slot);
  if (place) return take_out(*place, slot.next);
  // Others may call it, and only they who may look at their programs can tell.
  errno = EPERM;
  return has_capability(CAP_SYS_ADMIN) || !hook_.program_in(slot.action);
}

// Where the kernel does not let us connect the others, what is to be taken out stays and goes on
// calling them.
bool Installation::take_out(const Place& place, const UniqueFd& next) const {
  const int map = place.map_fd(hook_.fd());
  const std::uint32_t key = place.key();
  if (const auto successor = first_live_after(next)) {
    if (put_program(map, key, *successor)) return true;
    if (errno != ENOENT) return false;
  }
  return bpf_map_delete_elem(map, &key) == 0 || errno == ENOENT;
}

}  // namespace xdpcap
