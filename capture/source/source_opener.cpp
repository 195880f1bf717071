// SPDX-License-Identifier: BSD-3-Clause
#include "source/source_opener.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/tracing_program.hpp"
#include "source/attached_source.hpp"
#include "source/certain_hooks.hpp"
#include "source/hook_source.hpp"
#include "source/traced_source.hpp"

namespace xdpcap {
namespace {

std::string text_of(const Hook& hook) {
  return "hook " + hook.path() + (hook.is_pinned() ? "" : ", which is pinned nowhere");
}

std::string hook_refused() {
  return std::string("its hook cannot work on this kernel: ") + Hook::kWhyRefused;
}

// `name` is not repeated. Where the user named a hook, `of` says no program.
std::string how_captured(const Hook& hook, const std::string& name, const std::string& of) {
  std::string programs = of;
  if (of.empty()) {
    for (const std::uint32_t id : programs_using(hook.map_id())) {
      const auto program = find_program(id);
      if (program) programs += (programs.empty() ? " of " : ", ") + program->text();
    }
  }
  return (hook.path() == name ? "hook" : "hook " + hook.path()) + programs +
         (hook.is_pinned() ? "" : ", pinned nowhere");
}

// A recorder installed in a hook that no program uses would decide which programs may use it.
void require_owner(const Hook& hook) {
  if (hook.has_owner()) return;
  throw NotFound(
      "opening the hook " + hook.path() + ": no loaded XDP program uses it yet",
      "a recorder installed first would keep most programs from using the hook: load the "
      "program first, or use --wait");
}

// With the reason why the program cannot be traced instead, if there is one.
Error no_hook(const ProgramInfo& program, const std::string& label,
              const std::optional<Error>& not_traced) {
  std::vector<std::string> others;
  for (const ProgramArray& array : program_arrays(program)) {
    others.push_back("map:" + std::to_string(array.map_id) + " (" + array.name + ")");
  }
  const std::string what = "-i " + label + ": " + program.text() + " has no hook";
  const std::string tables =
      "if one of its tail call tables is a hook, name it: " + join(others, ", ");
  if (not_traced) {
    return Error(what + ", and cannot be traced: " + not_traced->what(),
                 others.empty() ? not_traced->hint() : tables);
  }
  return Error(
      what, others.empty() ? "leave out --method, or end the program with xdpcap_exit()" : tables);
}

}  // namespace

void SourceOpener::attach(const InterfacePrograms& interface) {
  if (options_.method != Method::any && options_.method != Method::attach) {
    refuse_method("has no XDP program");
  }
  if (options_.at != CapturePoint::exit) {
    throw UsageError("--at: " + name_.text + " has no XDP program that could be traced",
                     "leave --at out");
  }
  if ((options_.wait || !options_.may_attach) && options_.method != Method::attach) {
    throw NotFound("-i " + name_.text + ": no XDP program is attached to it");
  }
  for (const XdpAction action : actions_.value_or(std::vector<XdpAction>())) {
    if (action.value() == XDP_PASS) continue;
    throw UsageError("-actions: " + name_.text + " has no XDP program, so all its packets pass",
                     "leave --actions out");
  }
  SourceTitle title{
      .name = name_.text,
      .label = name_.text,
      .description = "recorder attached to " + name_.text + ", which had no XDP program",
      .how = "which has no XDP program: a recorder is attached that passes all packets"};
  found_.sources.push_back(std::make_unique<AttachedSource>(
      std::move(title),
      AttachedSource::Interface{name_.name, name_.network_namespace, interface.index}));
}

// By its hook if it has one that works. `where` is a part of the description: " on eth0".
void SourceOpener::open_program(const ProgramInfo& program, const std::string& where,
                                const std::string& label) {
  if (options_.method == Method::attach) refuse_method("has an XDP program");
  const bool only_at_exit = options_.at == CapturePoint::exit;
  const bool may_use_hook = options_.method != Method::trace && only_at_exit;
  const std::vector<std::uint32_t> hooks =
      may_use_hook ? certain_hooks(program) : std::vector<std::uint32_t>();
  const bool refused = std::any_of(hooks.begin(), hooks.end(), [](std::uint32_t id) {
    return Hook::open_by_id(id).refuses_recorders();
  });
  if (!hooks.empty() && (!refused || options_.method == Method::hook)) {
    return open_hooks(program, hooks, where, label);  // says why it is refused
  }
  if (options_.method == Method::hook) {
    if (!only_at_exit) refuse_method("is to be captured at its entry, where it has no hook");
    throw no_hook(program, label, {});
  }
  try {
    trace(program, where, label, refused ? hook_refused() : "");
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    if (!may_use_hook) throw;
    if (!refused) throw no_hook(program, label, error);
    throw Error("-i " + label + ": " + program.text() + " cannot be traced: " + error.what() +
                    "; and " + hook_refused(),
                error.hint());
  }
}

void SourceOpener::trace(const ProgramInfo& program, const std::string& where,
                         const std::string& label, const std::string& why) {
  if (options_.follow && programs_.has(program.id)) {
    throw UsageError(
        "--follow: " + label + ": " + program.text() + " is traced for another source already",
        "leave one of them out, or --follow");
  }
  OtherInterfaces others = others_of({program.id});
  const std::vector<std::uint32_t> excluded = others.indexes();
  if (programs_.has(program.id, excluded)) {
    found_.notes.push_back(label + ": " + program.text() + " is traced already");
    return;
  }
  UniqueFd fd(bpf_prog_get_fd_by_id(program.id));
  if (!fd.valid()) throw system_error("opening " + program.text(), errno, kLookHint);
  const bool both = options_.at == CapturePoint::both;
  if (!options_.wait) {  // else it would be tried again and again while others are waited for
    if (options_.at != CapturePoint::exit) require_tracing(fd.get(), TracePoint::entry);
    if (options_.at != CapturePoint::entry) require_tracing(fd.get(), TracePoint::exit);
  }
  TracedSource::Plan plan{
      .title = {.name = name_.text,
                .label = label,
                .description = program.text() + where + ", traced",
                .how = program.text() + where + ", traced at its " +
                       (both                                 ? "entry and exit"
                        : options_.at == CapturePoint::entry ? "entry"
                                                             : "exit") +
                       (why.empty() ? "" : ", as " + why)},
      .actions = actions_.value_or(parse_actions("aborted,drop,pass,tx,redirect")),
      .at = options_.at,
      .follow = options_.follow,
      .place = {},
      .others = std::move(others)};
  if (mode_) plan.place = {name_.text, name_.name, name_.network_namespace, *mode_};
  found_.sources.push_back(std::make_unique<TracedSource>(std::move(fd), std::move(plan)));
  programs_.add(program.id, excluded);
}

void SourceOpener::open_hooks(const ProgramInfo& program, const std::vector<std::uint32_t>& hooks,
                              const std::string& where, const std::string& label) {
  for (const std::uint32_t id : hooks) {
    Hook hook = Hook::open_by_id(id);
    const std::string its_label = hooks.size() == 1 ? label : label + "/map:" + std::to_string(id);
    std::unique_ptr<HookPlace> place =
        mode_ && hooks.size() == 1
            ? interface_place({name_.text, name_.name, name_.network_namespace, *mode_})
        : hook.is_pinned() ? pin_place(hook.path())
                           : nullptr;
    open_hook(std::move(hook), std::move(place), " of " + program.text() + where, its_label);
  }
}

void SourceOpener::open_hook(Hook hook, std::unique_ptr<HookPlace> place, const std::string& of,
                             const std::string& label) {
  if (options_.method != Method::any && options_.method != Method::hook) {
    refuse_method("is a hook");
  }
  if (options_.at != CapturePoint::exit) {
    throw UsageError("--at: " + name_.text + " is a hook, which sees packets only as they leave",
                     "name the program or the interface instead");
  }
  require_owner(hook);
  OtherInterfaces others = others_of(programs_using(hook.map_id()));
  const bool is_shared = hooks_.has(hook.map_id());
  const bool is_new = hooks_.add(hook.map_id(), others.indexes());
  const bool is_component = name_.kind == SourceName::Kind::interface && !mode_;
  if (is_shared && options_.follow && (is_new || !is_component))
    refuse_shared("--follow", hook, label);
  if (!is_new) {
    found_.notes.push_back(label + ": uses the " + text_of(hook) + ", too");
    return;
  }
  // The recorders of the second source would take over the slots from those of the first.
  if (is_shared && options_.replace) refuse_shared("--replace", hook, label);
  std::vector<XdpAction> actions = captured_actions(hook, actions_);
  SourceTitle title{.name = name_.text,
                    .label = options_.is_plain ? "" : label,
                    .description = text_of(hook) + of,
                    .how = how_captured(hook, name_.text, of)};
  found_.sources.push_back(
      std::make_unique<HookSource>(std::move(hook), HookSource::Plan{.title = std::move(title),
                                                                     .actions = std::move(actions),
                                                                     .replace = options_.replace,
                                                                     .follow = options_.follow,
                                                                     .place = std::move(place),
                                                                     .others = std::move(others)}));
}

OtherInterfaces SourceOpener::others_of(const std::vector<std::uint32_t>& programs) {
  if (name_.kind != SourceName::Kind::interface) return {};
  OtherInterfaces others({name_.text, name_.name, name_.network_namespace});
  const std::vector<std::string> notes = others.find(programs);
  found_.notes.insert(found_.notes.end(), notes.begin(), notes.end());
  return others;
}

void SourceOpener::refuse_shared(const std::string& option, const Hook& hook,
                                 const std::string& label) {
  throw UsageError(option + ": " + label + " uses the " + text_of(hook) +
                       ", which is captured for another source already",
                   "leave one of them out, or " + option);
}

void SourceOpener::refuse_method(const std::string& what) const {
  throw UsageError("--method: " + name_.text + " " + what, "leave --method out");
}

}  // namespace xdpcap
