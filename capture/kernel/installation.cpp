// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/installation.hpp"

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
#include "kernel/capabilities.hpp"
#include "kernel/chain.hpp"
#include "kernel/holder.hpp"
#include "kernel/hook_lock.hpp"
#include "kernel/program_info.hpp"

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
  std::set<std::uint32_t> holders;
  for (const XdpAction action : actions) {
    if (const auto holder = hook_.program_in(action)) holders.insert(*holder);
  }
  left_over_ = left_over(holders);
  for (const XdpAction action : actions) load(action, make_recorder);
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
  take_out(kLockPatience, nullptr);
}

void Installation::load(XdpAction action, const MakeRecorder& make_recorder) {
  UniqueFd next = may_replace_ ? UniqueFd() : create_next();
  UniqueFd program = load_xdp_program("xdpcap_" + action.name(),
                                      make_recorder(action, flavour_, next.get()), flavour_);
  const std::uint32_t id = program_info(program.get()).id;
  slots_.push_back({action, std::move(program), id, std::move(next)});
}

bool Installation::is_shared(std::optional<std::uint32_t> holder) const {
  return holder && !may_replace_ && !left_over_.contains(*holder);
}

// After the load, so that our own program is the one that makes the array what it is.
void Installation::put_in_front_of(const Slot& slot, std::uint32_t holder) const {
  const bool room = chain_in(hook_.fd(), slot.action.value()).size() < kLongestChain;
  if (room && put_program(slot.next.get(), 0, holder)) return;
  std::string hint = "end one of them, or take over with --replace";
  if (!has_capability(CAP_SYS_ADMIN)) {
    hint =
        "captures can share a hook, if the later one has CAP_SYS_ADMIN: give it that, or take "
        "over with --replace";
  }
  throw Error(installing(hook_) + "slot " + slot.action.name() + " already holds " +
                  (room ? "" : std::to_string(kLongestChain) + " programs, the first is ") +
                  describe_program(holder),
              hint);
}

// Loading took its time, without the lock: so each slot is looked at only now.
void Installation::fill() {
  const HookLock lock(folder_.get(), kLockPatience);
  went_on_unlocked_ = !lock.held();
  for (const Slot& slot : slots_) {
    const auto holder = hook_.program_in(slot.action);
    if (is_shared(holder)) put_in_front_of(slot, *holder);
  }
  for (const Slot& slot : slots_) {
    if (put(slot)) continue;
    const int error_number = errno;
    for (const Slot& filled : slots_) static_cast<void>(take_out(filled));
    filled_ = false;
    throw system_error(installing(hook_) + "slot " + slot.action.name(), error_number);
  }
}

bool Installation::put(const Slot& slot) const {
  const std::uint32_t key = slot.action.value();
  const int program = slot.program.get();
  return bpf_map_update_elem(hook_.fd(), &key, &program, BPF_ANY) == 0;
}

void Installation::remove(std::chrono::milliseconds patience) {
  std::string failure;
  take_out(patience, &failure);
  if (failure.empty()) return;
  throw Error("emptying the hook " + hook_.path() + ": " + failure,
              "what stays in it counts packets for nobody until the next capture");
}

void Installation::take_out(std::chrono::milliseconds patience, std::string* failure) noexcept {
  if (!std::exchange(filled_, false)) return;
  bool all_out = true;
  // Without the lock, if need be: a hook that is emptied so is better than one that is not.
  const HookLock lock(folder_.get(), patience);
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

// What is known from an earlier look may be seen without the right to look.
std::optional<Place> Installation::place_of(const Slot& slot) const {
  auto place = find_place(hook_.fd(), slot.action.value(), slot.program_id);
  if (place || has_capability(CAP_SYS_ADMIN) || !slot.called_from.valid()) return place;
  const int entrance = slot.called_from.get();
  if (program_at(entrance, 0) != slot.program_id) return std::nullopt;
  return Place{UniqueFd(::fcntl(entrance, F_DUPFD_CLOEXEC, 0)), 0};
}

// A recorder whose capture has been killed is not worth being called again. Where the kernel does
// not let us connect the others, ours stays and goes on calling them.
bool Installation::take_out(const Slot& slot) const {
  const auto place = place_of(slot);
  if (!place) {
    // Others may call it, and only they who may look at their programs can tell.
    errno = EPERM;
    return has_capability(CAP_SYS_ADMIN) || !hook_.program_in(slot.action);
  }
  const int map = place->map_fd(hook_.fd());
  const auto successor = slot.next.valid() ? program_at(slot.next.get(), 0) : std::nullopt;
  if (successor && !left_over({*successor}).contains(*successor)) {
    if (put_program(map, place->key, *successor)) return true;
    if (errno != ENOENT) return false;
  }
  return bpf_map_delete_elem(map, &place->key) == 0 || errno == ENOENT;
}

}  // namespace xdpcap
