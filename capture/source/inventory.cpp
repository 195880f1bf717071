// SPDX-License-Identifier: BSD-3-Clause
#include "source/inventory.hpp"

#include <linux/bpf.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "bpf/bpffs.hpp"
#include "bpf/program_extensions.hpp"
#include "bpf/program_info.hpp"
#include "source/chain.hpp"
#include "source/hook.hpp"

namespace xdpcap {
namespace {

// Nothing if it is not a hook, or if programs of other types own it.
std::optional<Hook> open_if_hook(const std::string& path) {
  try {
    Hook hook = Hook::open(path);
    const auto type = hook.owner_type();
    if (type && *type != BPF_PROG_TYPE_XDP && *type != BPF_PROG_TYPE_EXT) return std::nullopt;
    return hook;
  } catch (const Error&) {
    return std::nullopt;
  }
}

using Targets = std::multimap<std::uint32_t, std::uint32_t>;

ProgramName dispatcher_of(const ProgramInfo& program, const Targets& targets) {
  const auto target = targets.find(program.id);
  if (!program.is_extension() || target == targets.end()) return {};
  const auto info = find_program(target->second);
  return {target->second, info ? info->name : ""};
}

std::vector<HookUser> users_of(std::uint32_t map_id, const std::vector<ProgramInfo>& programs,
                               const Targets& targets,
                               const std::vector<XdpAttachment>& attachments) {
  std::vector<HookUser> users;
  for (const ProgramInfo& program : programs) {
    if (!program.uses(map_id)) continue;
    HookUser& user =
        users.emplace_back(HookUser{program.id, program.name, {}, dispatcher_of(program, targets)});
    const std::uint32_t attached = user.dispatcher.id != 0 ? user.dispatcher.id : user.id;
    std::copy_if(attachments.begin(), attachments.end(), std::back_inserter(user.attachments),
                 [&](const XdpAttachment& one) { return one.program_id == attached; });
  }
  return users;
}

std::vector<SlotProgram> filled_slots(const Hook& hook) {
  std::vector<SlotProgram> filled;
  for (std::uint32_t slot = 0; slot < hook.slots(); ++slot) {
    for (const std::uint32_t id : chain_in(hook.fd(), slot)) {
      const auto program = find_program(id);
      filled.push_back({XdpAction(slot), id, program ? program->name : "", {}});
    }
  }
  return filled;
}

void find_all_holders(std::vector<ListedHook>& hooks) {
  std::set<std::uint32_t> programs;
  for (const ListedHook& hook : hooks) {
    for (const SlotProgram& slot : hook.filled) programs.insert(slot.program_id);
  }
  if (programs.empty()) return;  // saves reading all of /proc
  const auto holders = find_holders(programs);
  for (ListedHook& hook : hooks) {
    for (SlotProgram& slot : hook.filled) {
      const auto found = holders.find(slot.program_id);
      if (found != holders.end()) slot.holders = found->second;
    }
  }
}

}  // namespace

std::vector<ListedHook> list_hooks() {
  std::vector<ProgramInfo> programs = loaded_programs();
  std::erase_if(programs, [](const ProgramInfo& program) {
    return !program.is_xdp() && !program.is_extension();
  });
  const Targets targets = extended_programs();
  const std::vector<XdpAttachment> attachments = xdp_attachments();
  std::vector<ListedHook> hooks;
  for (const std::string& path : pinned_paths()) {
    const auto hook = open_if_hook(path);
    if (!hook) continue;
    hooks.push_back({path, hook->map_id(), hook->slots(),
                     users_of(hook->map_id(), programs, targets, attachments),
                     filled_slots(*hook)});
  }
  find_all_holders(hooks);
  return hooks;
}

std::vector<std::string> hook_paths() {
  std::vector<std::string> paths = pinned_paths();
  paths.erase(std::remove_if(paths.begin(), paths.end(),
                             [](const std::string& path) { return !open_if_hook(path); }),
              paths.end());
  return paths;
}

}  // namespace xdpcap
