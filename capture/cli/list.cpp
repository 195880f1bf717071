// SPDX-License-Identifier: BSD-3-Clause
#include "cli/list.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "bpf/bpffs.hpp"

namespace xdpcap {
namespace {

std::string attachment_text(const XdpAttachment& one) {
  if (one.mode == XdpMode::unknown) {
    return "interface " + std::to_string(one.index) + " of a namespace out of sight";
  }
  const std::string place = one.network_namespace.empty() ? "" : one.network_namespace + "/";
  return printable(place + one.interface) + " (" + to_string(one.mode) + ")";
}

// "program 46 no_discard (part of program 37 xdp_dispatcher): eth0 (native)"
std::string program_text(const PlacedProgram& program) {
  if (program.id == 0) return "a program that the kernel does not tell before Linux 5.13\n";
  std::vector<std::string> places;
  for (const XdpAttachment& one : program.attachments) places.push_back(attachment_text(one));
  const ProgramName& dispatcher = program.dispatcher;
  const std::string within =
      dispatcher.id == 0
          ? ""
          : " (part of program " + std::to_string(dispatcher.id) + " " + dispatcher.name + ")";
  return "program " + std::to_string(program.id) + " " + program.name + within + ": " +
         (places.empty() ? "attached nowhere" : join(places, ", ")) + "\n";
}

std::string holders_text(const std::vector<Holder>& holders, const char* if_none) {
  std::vector<std::string> names;
  for (const Holder& holder : holders) {
    names.push_back(holder.command + " (pid " + std::to_string(holder.pid) + ")");
  }
  return names.empty() ? if_none : join(names, ", ");
}

// A line of a capture: what it captures, and who holds its recorder.
struct CaptureLine {
  std::string what;
  std::string holders;
};

// One line for each holder, with all that it captures.
std::string captures_text(const std::vector<CaptureLine>& lines) {
  std::vector<std::pair<std::string, std::vector<std::string>>> holders;
  for (const CaptureLine& line : lines) {
    auto holder = std::find_if(holders.begin(), holders.end(),
                               [&](const auto& known) { return known.first == line.holders; });
    if (holder == holders.end()) holder = holders.insert(holder, {line.holders, {}});
    holder->second.push_back(line.what);
  }
  std::string text;
  for (const auto& [holder, what] : holders) {
    text += "  capture " + join(what, ", ") + ": " + holder + "\n";
  }
  return text;
}

// The kernel removes other recorders than those in hooks with their process.
constexpr const char* kOutOfSight = "a process out of sight";

std::string hook_text(const ListedHook& hook) {
  std::string text = printable(hook.path) + ": map " + std::to_string(hook.map_id) + ", " +
                     std::to_string(hook.slots) + " slots\n";
  for (const PlacedProgram& user : hook.users) text += "  " + program_text(user);
  if (hook.users.empty()) text += "  no loaded XDP program uses it\n";
  std::vector<CaptureLine> lines;
  for (const SlotProgram& slot : hook.filled) {
    lines.push_back(
        {slot.action.name(),
         holders_text(slot.holders, "nobody has it open, a killed capture left it behind")});
  }
  return text + captures_text(lines);
}

const char* name_of(TracePoint point) {
  return point == TracePoint::entry ? "entry" : "exit";
}

std::string traced_text(const ListedProgram& traced) {
  std::vector<CaptureLine> lines;
  for (const TracingRecorder& one : traced.recorders) {
    lines.push_back({name_of(one.point), holders_text(one.holders, kOutOfSight)});
  }
  return program_text(traced.program) + captures_text(lines);
}

std::string interface_text(const ListedInterface& one) {
  return attachment_text(one.place) + ": a recorder, program " +
         std::to_string(one.place.program_id) + " " + one.program_name + "\n" +
         captures_text({{"pass", holders_text(one.holders, kOutOfSight)}});
}

template <class Values, class ToJson>
std::string json_array(const Values& values, ToJson&& to_json) {
  std::vector<std::string> elements;
  for (const auto& value : values) elements.push_back(to_json(value));
  return "[" + join(elements, ",") + "]";
}

// null where there is nothing to say.
std::string member_if_any(const char* name, const std::string& text) {
  return text.empty() ? json_string(name) + ":null" : json_member(name, text);
}

std::string attachment_json(const XdpAttachment& one) {
  return "{" + member_if_any("netns", one.network_namespace) + "," +
         member_if_any("interface", one.interface) + "," + json_member("ifindex", one.index) + "," +
         json_member("mode", to_string(one.mode)) + "}";
}

std::string program_json(const PlacedProgram& program) {
  const ProgramName& dispatcher = program.dispatcher;
  return "{" + json_member("id", program.id) + "," + json_member("name", program.name) +
         ",\"dispatcher\":" +
         (dispatcher.id == 0 ? "null"
                             : "{" + json_member("id", dispatcher.id) + "," +
                                   json_member("name", dispatcher.name) + "}") +
         ",\"attachments\":" + json_array(program.attachments, attachment_json) + "}";
}

std::string holder_json(const Holder& holder) {
  return "{" + json_member("pid", static_cast<std::uint64_t>(holder.pid)) + "," +
         json_member("command", holder.command) + "}";
}

std::string slot_json(const SlotProgram& slot) {
  return "{" + json_member("action", slot.action.name()) + "," +
         json_member("slot", slot.action.value()) + "," +
         json_member("program_id", slot.program_id) + "," +
         json_member("program_name", slot.program_name) +
         ",\"processes\":" + json_array(slot.holders, holder_json) + "}";
}

// The members that all objects of the list have.
std::string entry_json(const char* kind, const std::string& path,
                       const std::vector<PlacedProgram>& programs, const std::string& captures,
                       const std::string& more = {}) {
  return "{" + json_member("kind", kind) + "," + member_if_any("path", path) + "," + more +
         "\"programs\":" + json_array(programs, program_json) + ",\"captures\":" + captures + "}";
}

std::string hook_json(const ListedHook& hook) {
  return entry_json(
      "hook", hook.path, hook.users, json_array(hook.filled, slot_json),
      json_member("map_id", hook.map_id) + "," + json_member("slots", hook.slots) + ",");
}

std::string recorder_json(const std::string& what, std::uint32_t id, const std::string& name,
                          const std::vector<Holder>& holders) {
  return "{" + what + "," + json_member("program_id", id) + "," +
         json_member("program_name", name) + ",\"processes\":" + json_array(holders, holder_json) +
         "}";
}

std::string tracing_json(const TracingRecorder& one) {
  return recorder_json(json_member("at", name_of(one.point)), one.program_id, one.program_name,
                       one.holders);
}

std::string traced_json(const ListedProgram& traced) {
  std::vector<PlacedProgram> programs;
  if (traced.program.id != 0) programs.push_back(traced.program);
  return entry_json("program", "", programs, json_array(traced.recorders, tracing_json));
}

std::string interface_json(const ListedInterface& one) {
  const PlacedProgram recorder{one.place.program_id, one.program_name, {one.place}};
  const std::string capture =
      recorder_json(json_member("action", "pass"), recorder.id, recorder.name, one.holders);
  return entry_json("interface", "", {recorder}, "[" + capture + "]");
}

}  // namespace

std::string list_as_text(const Listing& all) {
  std::string text;
  for (const ListedHook& one : all.hooks) text += hook_text(one);
  for (const ListedProgram& one : all.programs) text += traced_text(one);
  for (const ListedInterface& one : all.interfaces) text += interface_text(one);
  return text;
}

std::string note_on(const Listing& all) {
  if (all.hooks.empty() && !bpffs_is_mounted()) {
    return "no hook is visible, as no BPF file system is mounted here; " + bpffs_mount_hint() +
           '\n';
  }
  if (!all.hooks.empty() || !all.programs.empty() || !all.interfaces.empty()) return {};
  return "no hook is pinned, and no XDP program is attached to an interface; -i INTERFACE captures "
         "from one without a program, too\n";
}

std::string list_as_json(const Listing& all) {
  std::vector<std::string> entries;
  for (const ListedHook& one : all.hooks) entries.push_back(hook_json(one));
  for (const ListedProgram& one : all.programs) entries.push_back(traced_json(one));
  for (const ListedInterface& one : all.interfaces) entries.push_back(interface_json(one));
  return "[" + join(entries, ",") + "]\n";
}

}  // namespace xdpcap
