// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/installation.hpp"

#include <bpf/bpf.h>
#include <linux/capability.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/chain.hpp"
#include "kernel/grace_period.hpp"
#include "kernel/holder.hpp"
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
    : hook_(hook), folder_(open_folder_of(hook.path())), flavour_(find_flavour(hook)) {
  lock_.emplace(folder_.get());
  for (const XdpAction action : actions) load(action, may_replace, make_recorder);
  filled_ = true;
}

void Installation::load(XdpAction action, bool may_replace, const MakeRecorder& make_recorder) {
  const auto holder = hook_.program_in(action);
  const bool share = holder && !may_replace && !is_left_over(*holder);
  UniqueFd next = share ? create_next() : UniqueFd();
  UniqueFd program = load_xdp_program("xdpcap_" + action.name(),
                                      make_recorder(action, flavour_, next.get()), flavour_);
  // Behind the load, so that our own program is the one that makes the array what it is.
  if (share) put_behind(action, next, *holder);
  const std::uint32_t id = program_info(program.get()).id;
  slots_.push_back({action, std::move(program), id, std::move(next)});
}

void Installation::put_behind(XdpAction action, const UniqueFd& next, std::uint32_t holder) const {
  const bool room = chain_in(hook_.fd(), action.value()).size() < kLongestChain;
  if (room && put_program(next.get(), 0, holder)) return;
  std::string hint = "end one of them, or take over with --replace";
  if (!has_capability(CAP_SYS_ADMIN)) {
    hint =
        "captures can share a hook, if the later one has CAP_SYS_ADMIN: give it that, or take "
        "over with --replace";
  }
  throw Error(installing(hook_) + "slot " + action.name() + " already holds " +
                  (room ? "" : std::to_string(kLongestChain) + " programs, the first is ") +
                  describe_program(holder),
              hint);
}

void Installation::fill() {
  for (const Slot& slot : slots_) {
    if (put(slot)) continue;
    const int error_number = errno;
    take_out();
    throw system_error(installing(hook_) + "slot " + slot.action.name(), error_number);
  }
  lock_.reset();
}

bool Installation::put(const Slot& slot) const {
  const std::uint32_t key = slot.action.value();
  const int program = slot.program.get();
  return bpf_map_update_elem(hook_.fd(), &key, &program, BPF_ANY) == 0;
}

void Installation::remove() {
  take_out();
  wait_for_running_programs();
}

void Installation::take_out() noexcept {
  if (!std::exchange(filled_, false)) return;
  lock_.reset();
  const HookLock lock(folder_.get());
  for (const Slot& slot : slots_) take_out(slot);
}

// A recorder that has been killed is not worth being put back.
void Installation::take_out(const Slot& slot) const {
  const auto place = find_place(hook_.fd(), slot.action.value(), slot.program_id);
  if (!place) return;
  const auto successor = slot.next.valid() ? program_at(slot.next.get(), 0) : std::nullopt;
  if (successor && !is_left_over(*successor) &&
      put_program(place->map.get(), place->key, *successor)) {
    return;
  }
  bpf_map_delete_elem(place->map.get(), &place->key);
}

std::vector<std::string> Installation::look() {
  std::vector<std::string> news;
  for (Slot& slot : slots_) {
    if (hook_.program_in(slot.action) == slot.program_id) {
      slot.lost = false;
      continue;
    }
    std::string line = look(slot);
    if (!line.empty()) news.push_back(std::move(line));
  }
  return news;
}

// Of a slot whose first program is not ours.
std::string Installation::look(Slot& slot) const {
  const HookLock lock(folder_.get());
  const auto holder = hook_.program_in(slot.action);
  // Whether we stand behind another capture cannot be seen by everybody: then it is believed.
  if (holder && !has_capability(CAP_SYS_ADMIN)) return {};
  if (find_place(hook_.fd(), slot.action.value(), slot.program_id)) {
    slot.lost = false;
    return {};
  }
  const std::string begin = "slot " + slot.action.name() + " of the hook " + hook_.path();
  if (!holder || is_left_over(*holder)) {
    slot.lost = false;
    return put(slot) ? begin + " was emptied by somebody else: put the recorder back"
                     : begin + " was emptied by somebody else, and takes no recorder any more";
  }
  if (std::exchange(slot.lost, true)) return {};
  return begin + " was taken over by " + describe_program(*holder) +
         ": nothing is captured there until that one goes";
}

std::vector<int> Installation::descriptors() const {
  std::vector<int> all = {hook_.fd(), folder_.get()};
  for (const Slot& slot : slots_) {
    all.push_back(slot.program.get());
    if (slot.next.valid()) all.push_back(slot.next.get());
  }
  return all;
}

}  // namespace xdpcap
