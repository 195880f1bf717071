// SPDX-License-Identifier: BSD-3-Clause
#include "source/inventory.hpp"

#include <linux/bpf.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "bpf/bpffs.hpp"
#include "bpf/links.hpp"
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

std::vector<PlacedProgram> users_of(std::uint32_t map_id, const Survey& survey) {
  std::vector<PlacedProgram> users;
  for (const ProgramInfo& program : survey.programs) {
    if (program.uses(map_id)) users.push_back(place(program, survey));
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

// By the programs' ids; without the id of a target, each recorder is an entry of its own.
std::vector<ListedProgram> traced_programs(const Survey& survey) {
  std::vector<ListedProgram> traced;
  for (const bpf_link_info& link : bpf_links()) {
    if (link.type != BPF_LINK_TYPE_TRACING || !is_recorder(link.prog_id)) continue;
    const auto recorder = find_program(link.prog_id);
    if (!recorder) continue;
    const std::uint32_t target = link.tracing.target_obj_id;
    auto entry = std::find_if(traced.begin(), traced.end(), [&](const ListedProgram& one) {
      return target != 0 && one.program.id == target;
    });
    if (entry == traced.end()) {
      const auto program = target == 0 ? std::nullopt : find_program(target);
      entry = traced.insert(entry, {program ? place(*program, survey) : PlacedProgram{}, {}});
    }
    const bool at_exit = link.tracing.attach_type == BPF_TRACE_FEXIT;
    entry->recorders.push_back(
        {at_exit ? TracePoint::exit : TracePoint::entry, recorder->id, recorder->name, {}});
  }
  return traced;
}

bool is_listed(std::uint32_t program, const Listing& listing) {
  const auto is_it = [&](const PlacedProgram& one) { return one.id == program; };
  return std::any_of(listing.programs.begin(), listing.programs.end(),
                     [&](const ListedProgram& one) { return is_it(one.program); }) ||
         std::any_of(listing.hooks.begin(), listing.hooks.end(), [&](const ListedHook& hook) {
           return std::any_of(hook.users.begin(), hook.users.end(), is_it);
         });
}

// Dispatchers are where their components are.
bool is_dispatcher(std::uint32_t program, const Survey& survey) {
  return std::any_of(survey.targets.begin(), survey.targets.end(),
                     [&](const auto& one) { return one.second == program; });
}

// The programs on interfaces that are not listed yet.
void add_attached(Listing& listing, const Survey& survey) {
  for (const ProgramInfo& program : survey.programs) {
    if (!program.is_xdp() || is_listed(program.id, listing) || is_recorder(program.id) ||
        is_dispatcher(program.id, survey)) {
      continue;
    }
    PlacedProgram placed = place(program, survey);
    if (!placed.attachments.empty()) listing.programs.push_back({std::move(placed), {}});
  }
}

// The components of dispatchers that are not listed yet.
void add_components(Listing& listing, const Survey& survey) {
  for (const ProgramInfo& program : survey.programs) {
    if (!program.is_extension() || is_listed(program.id, listing)) continue;
    const auto target = survey.targets.find(program.id);
    const auto dispatcher =
        target == survey.targets.end() ? std::nullopt : find_program(target->second);
    if (dispatcher && dispatcher->is_xdp())
      listing.programs.push_back({place(program, survey), {}});
  }
}

std::vector<ListedInterface> recorded_interfaces(const Survey& survey) {
  std::vector<ListedInterface> interfaces;
  for (const XdpAttachment& one : survey.attachments) {
    if (!is_recorder(one.program_id)) continue;
    const auto program = find_program(one.program_id);
    if (program) interfaces.push_back({one, program->name, {}});
  }
  return interfaces;
}

// Calls visit(program id, holders) for each recorder.
template <class Visit>
void visit_recorders(Listing& listing, Visit&& visit) {
  for (ListedHook& hook : listing.hooks) {
    for (SlotProgram& slot : hook.filled) visit(slot.program_id, slot.holders);
  }
  for (ListedProgram& program : listing.programs) {
    for (TracingRecorder& one : program.recorders) visit(one.program_id, one.holders);
  }
  for (ListedInterface& one : listing.interfaces) visit(one.place.program_id, one.holders);
}

void find_all_holders(Listing& listing) {
  std::set<std::uint32_t> programs;
  visit_recorders(listing, [&](std::uint32_t id, std::vector<Holder>&) { programs.insert(id); });
  if (programs.empty()) return;  // saves reading all of /proc
  const auto all = find_holders(programs);
  visit_recorders(listing, [&](std::uint32_t id, std::vector<Holder>& holders) {
    const auto found = all.find(id);
    if (found != all.end()) holders = found->second;
  });
}

}  // namespace

std::vector<ListedHook> hooks_in(const Survey& survey) {
  std::vector<ListedHook> hooks;
  for (const std::string& path : pinned_paths()) {
    const auto hook = open_if_hook(path);
    if (!hook) continue;
    hooks.push_back({path, hook->map_id(), hook->slots(), users_of(hook->map_id(), survey),
                     filled_slots(*hook)});
  }
  return hooks;
}

Listing list_all() {
  const Survey survey = make_survey();
  Listing listing{hooks_in(survey), traced_programs(survey), recorded_interfaces(survey)};
  add_components(listing, survey);
  add_attached(listing, survey);
  find_all_holders(listing);
  return listing;
}

std::vector<ListedHook> list_hooks() {
  Listing listing{hooks_in(make_survey()), {}, {}};
  find_all_holders(listing);
  return std::move(listing.hooks);
}

std::vector<std::string> hook_paths() {
  std::vector<std::string> paths = pinned_paths();
  paths.erase(std::remove_if(paths.begin(), paths.end(),
                             [](const std::string& path) { return !open_if_hook(path); }),
              paths.end());
  return paths;
}

}  // namespace xdpcap
