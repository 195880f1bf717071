// SPDX-License-Identifier: BSD-3-Clause
#include "cli/list.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

std::string attachment_text(const XdpAttachment& one) {
  if (one.mode == XdpMode::unknown) {
    return "interface " + std::to_string(one.index) + " of a namespace out of sight";
  }
  const std::string place = one.network_namespace.empty() ? "" : one.network_namespace + "/";
  return printable(place + one.interface) + " (" + to_string(one.mode) + ")";
}

std::string user_text(const HookUser& user) {
  std::vector<std::string> places;
  for (const XdpAttachment& one : user.attachments) places.push_back(attachment_text(one));
  const std::string within = user.dispatcher.id == 0
                                 ? ""
                                 : " (part of program " + std::to_string(user.dispatcher.id) + " " +
                                       user.dispatcher.name + ")";
  return "  program " + std::to_string(user.id) + " " + user.name + within + ": " +
         (places.empty() ? "attached nowhere" : join(places, ", ")) + "\n";
}

std::string holder_text(const SlotProgram& slot) {
  std::vector<std::string> names;
  for (const Holder& holder : slot.holders) {
    names.push_back(holder.command + " (pid " + std::to_string(holder.pid) + ")");
  }
  return names.empty() ? "nobody has it open, a killed capture left it behind" : join(names, ", ");
}

// One line for each holder, with the slots it holds.
std::string captures_text(const std::vector<SlotProgram>& filled) {
  std::vector<std::pair<std::string, std::vector<std::string>>> holders;
  for (const SlotProgram& slot : filled) {
    const std::string text = holder_text(slot);
    auto holder = std::find_if(holders.begin(), holders.end(),
                               [&](const auto& known) { return known.first == text; });
    if (holder == holders.end()) holder = holders.insert(holder, {text, {}});
    holder->second.push_back(slot.action.name());
  }
  std::string text;
  for (const auto& [holder, actions] : holders) {
    text += "  capture " + join(actions, ", ") + ": " + holder + "\n";
  }
  return text;
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

std::string user_json(const HookUser& user) {
  const ProgramName& dispatcher = user.dispatcher;
  return "{" + json_member("id", user.id) + "," + json_member("name", user.name) +
         ",\"dispatcher\":" +
         (dispatcher.id == 0 ? "null"
                             : "{" + json_member("id", dispatcher.id) + "," +
                                   json_member("name", dispatcher.name) + "}") +
         ",\"attachments\":" + json_array(user.attachments, attachment_json) + "}";
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

std::string hook_json(const ListedHook& hook) {
  return "{" + json_member("path", hook.path) + "," + json_member("map_id", hook.map_id) + "," +
         json_member("slots", hook.slots) + ",\"programs\":" + json_array(hook.users, user_json) +
         ",\"captures\":" + json_array(hook.filled, slot_json) + "}";
}

}  // namespace

std::string list_as_text(const std::vector<ListedHook>& hooks) {
  if (hooks.empty()) return "no hook is pinned in a bpffs that is mounted here\n";
  std::string text;
  for (const ListedHook& hook : hooks) {
    text += printable(hook.path) + ": map " + std::to_string(hook.map_id) + ", " +
            std::to_string(hook.slots) + " slots\n";
    for (const HookUser& user : hook.users) text += user_text(user);
    if (hook.users.empty()) text += "  no loaded XDP program uses it\n";
    text += captures_text(hook.filled);
  }
  return text;
}

std::string list_as_json(const std::vector<ListedHook>& hooks) {
  return json_array(hooks, hook_json) + "\n";
}

}  // namespace xdpcap
