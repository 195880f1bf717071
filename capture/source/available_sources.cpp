// SPDX-License-Identifier: BSD-3-Clause
#include "source/available_sources.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "bpf/map_info.hpp"
#include "bpf/tracing_program.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/certain_hooks.hpp"
#include "source/chain.hpp"
#include "source/hook.hpp"
#include "source/survey.hpp"

namespace xdpcap {
namespace {

using Clock = std::chrono::steady_clock;
using Names = std::vector<std::string>;

std::string place_text(const XdpAttachment& one) {
  if (one.interface.empty()) return "interface " + std::to_string(one.index) + " out of sight";
  return one.interface + (one.network_namespace.empty() ? "" : "@" + one.network_namespace);
}

// "xdp_pass on eth0 and eth0@lab"
std::string user_text(const PlacedProgram& user) {
  Names places;
  std::transform(user.attachments.begin(), user.attachments.end(), std::back_inserter(places),
                 place_text);
  return user.name + (places.empty() ? "" : " on " + join(places, " and "));
}

bool may_trace(std::uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  if (!fd.valid()) return false;
  try {
    require_tracing(fd.get(), TracePoint::exit);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Ways finds how a program could be captured.
class Ways {
 public:
  enum class Way : std::uint8_t { none, listed_hook, hook, tracing };

  // `hooks`: those that are listed.
  Ways(const std::vector<ListedHook>& hooks, const Survey& survey) : survey_(survey) {
    for (const ListedHook& hook : hooks) listed_.insert(hook.map_id);
  }

  [[nodiscard]] Way of(const ProgramInfo& program) const;

  // Whether it is in a tail call table: where it is reached by tail calls, tracing shows nothing.
  [[nodiscard]] bool is_tail_called(std::uint32_t id) {
    if (!std::exchange(tables_read_, true)) read_tables();
    return tail_called_.contains(id);
  }

 private:
  void read_tables();

  const Survey& survey_;
  std::set<std::uint32_t> listed_;
  Clock::time_point deadline_ = Clock::now() + std::chrono::milliseconds(250);
  bool tables_read_ = false;
  std::set<std::uint32_t> tail_called_;
};

Ways::Way Ways::of(const ProgramInfo& program) const {
  try {
    for (const std::uint32_t id : certain_hooks(program)) {
      if (Hook::open_by_id(id).refuses_recorders()) continue;
      return listed_.contains(id) ? Way::listed_hook : Way::hook;
    }
  } catch (const Error&) {
    return Way::none;  // it has just been unloaded
  }
  return Clock::now() < deadline_ && !may_trace(program.id) ? Way::none : Way::tracing;
}

// Of large tables only the beginning, as each entry takes a system call.
void Ways::read_tables() {
  constexpr std::uint32_t kMostEntries = 256;
  std::set<std::uint32_t> tables;
  for (const ProgramInfo& program : survey_.programs) {
    for (const ProgramArray& table : program_arrays(program)) tables.insert(table.map_id);
  }
  for (const std::uint32_t id : tables) {
    const auto map = find_map(id);
    const UniqueFd fd(bpf_map_get_fd_by_id(id));
    if (!map || !fd.valid()) continue;
    for (std::uint32_t key = 0; key < std::min(map->max_entries, kMostEntries); ++key) {
      if (const auto program = program_at(fd.get(), key)) tail_called_.insert(*program);
    }
  }
}

using Way = Ways::Way;

// Interface is an interface with the programs that run on it.
struct Interface {
  std::string name;
  std::vector<const ProgramInfo*> programs;
};

// A dispatcher's components come before itself.
void add_programs(std::uint32_t id, const Survey& survey, Interface& interface) {
  const auto add = [&](std::uint32_t one) {
    const auto program = std::find_if(survey.programs.begin(), survey.programs.end(),
                                      [&](const ProgramInfo& info) { return info.id == one; });
    if (program != survey.programs.end()) interface.programs.push_back(&*program);
  };
  for (const auto& [component, target] : survey.targets) {
    if (target == id) add(component);
  }
  add(id);
}

std::vector<Interface> interfaces_with_programs(const Survey& survey) {
  std::vector<Interface> interfaces;
  for (const XdpAttachment& one : survey.attachments) {
    if (one.interface.empty() || is_recorder(one.program_id)) continue;
    const std::string name = place_text(one);
    auto known = std::find_if(interfaces.begin(), interfaces.end(),
                              [&](const Interface& other) { return other.name == name; });
    if (known == interfaces.end()) known = interfaces.insert(known, {name, {}});
    add_programs(one.program_id, survey, *known);
  }
  return interfaces;
}

const char* text_of(Way way) {
  return way == Way::tracing ? ", traced" : ", by its hook";
}

// Nothing is added if all that can be captured is listed already.
void add_if_capturable(const Interface& interface, Ways& ways,
                       std::vector<AvailableSource>& sources) {
  Names names;
  Way first = Way::none;
  for (const ProgramInfo* program : interface.programs) {
    const Way way = ways.of(*program);
    if (way == Way::none || way == Way::listed_hook) continue;
    if (first == Way::none) first = way;
    names.push_back(program->name);
  }
  if (names.empty()) return;
  sources.push_back({interface.name, std::string("XDP program") + (names.size() > 1 ? "s " : " ") +
                                         join(names, ", ") + " on " + interface.name +
                                         text_of(first)});
}

// A name says more than an id and outlives a reload.
std::string name_of(const ProgramInfo& program, const Survey& survey) {
  const auto same = std::count_if(survey.programs.begin(), survey.programs.end(),
                                  [&](const auto& one) { return one.name == program.name; });
  const bool is_number = parse_number<std::uint32_t>(program.name).has_value();
  const bool is_name = !program.name.empty() && !is_number && same == 1;
  return "prog:" + (is_name ? program.name : std::to_string(program.id));
}

void add_if_capturable(const ProgramInfo& program, const Survey& survey, Ways& ways,
                       std::vector<AvailableSource>& sources) {
  const PlacedProgram placed = place(program, survey);
  const bool is_component = placed.dispatcher.id != 0;
  if (is_recorder(program.id) || (!is_component && !placed.attachments.empty())) return;
  const Way way = ways.of(program);
  if (way == Way::none || way == Way::listed_hook) return;
  if (way == Way::tracing && !is_component && ways.is_tail_called(program.id)) return;
  sources.push_back(
      {name_of(program, survey),
       "XDP program " + user_text(placed) +
           (is_component ? " under " + placed.dispatcher.name : ", on no interface in sight") +
           text_of(way)});
}

}  // namespace

AvailableSource available(const ListedHook& hook) {
  Names users;
  std::transform(hook.users.begin(), hook.users.end(), std::back_inserter(users), user_text);
  return {hook.path, "XDP hook: " + (users.empty() ? "not in use" : join(users, ", "))};
}

std::vector<AvailableSource> available_sources() {
  const Survey survey = make_survey();
  const std::vector<ListedHook> hooks = hooks_in(survey);
  std::vector<AvailableSource> sources;
  std::transform(hooks.begin(), hooks.end(), std::back_inserter(sources), available);
  Ways ways(hooks, survey);
  const std::vector<Interface> interfaces = interfaces_with_programs(survey);
  for (const Interface& one : interfaces) add_if_capturable(one, ways, sources);
  for (const ProgramInfo& one : survey.programs) add_if_capturable(one, survey, ways, sources);
  for (const std::string& name : usual_interfaces()) {
    const bool has_program = std::any_of(interfaces.begin(), interfaces.end(),
                                         [&](const Interface& one) { return one.name == name; });
    if (has_program) continue;
    sources.push_back({name, "no XDP program on " + name + ", all that it receives"});
  }
  return sources;
}

}  // namespace xdpcap
