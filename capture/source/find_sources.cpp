// SPDX-License-Identifier: BSD-3-Clause
#include "source/find_sources.hpp"

#include <bpf/bpf.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/tell.hpp"
#include "base/text.hpp"
#include "bpf/loaded_program.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_extensions.hpp"
#include "bpf/program_info.hpp"
#include "bpf/tracing_program.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/attached_source.hpp"
#include "source/certain_hooks.hpp"
#include "source/hook.hpp"
#include "source/hook_source.hpp"
#include "source/traced_source.hpp"

namespace xdpcap {
namespace {

using Actions = std::optional<std::vector<XdpAction>>;

std::string text_of(const Hook& hook) {
  return "hook " + hook.path() + (hook.is_pinned() ? "" : ", which is pinned nowhere");
}

// Finds the sources of one name.
class Finder {
 public:
  Finder(const SourceOptions& options, const Actions& actions, SourceName name, FoundSources& found,
         std::set<std::uint32_t>& maps)
      : options_(options), actions_(actions), name_(std::move(name)), found_(found), maps_(maps) {}

  void find() {
    using Kind = SourceName::Kind;
    switch (name_.kind) {
      case Kind::path:
        return find_path();
      case Kind::map:
        return add_hook(Hook::open_by_id(name_.map_id), nullptr, {}, name_.text);
      case Kind::program:
        return add_program(LoadedProgram::find_any(name_.name).info(), {}, name_.text);
      case Kind::interface:
        return find_interface_programs();
    }
  }

 private:
  void find_path();
  void find_folder();
  void find_interface_programs();
  void attach(const InterfacePrograms& interface);
  void add_dispatcher(const ProgramInfo& dispatcher, const std::vector<ProgramInfo>& components);
  void add_program(const ProgramInfo& program, const std::string& where, const std::string& label);
  void add_hooks(const ProgramInfo& program, const std::vector<std::uint32_t>& hooks,
                 const std::string& where, const std::string& label);
  void trace(const ProgramInfo& program, const std::string& where, const std::string& label);
  void add_hook(Hook hook, std::unique_ptr<HookPlace> place, const std::string& of,
                const std::string& label);
  [[nodiscard]] Error no_hook(const ProgramInfo& program,
                              const std::optional<Error>& not_traced) const;
  [[noreturn]] void refuse_method(const std::string& what) const;

  const SourceOptions& options_;
  const Actions& actions_;
  SourceName name_;
  FoundSources& found_;
  std::set<std::uint32_t>& maps_;   // of the hooks found so far
  XdpMode mode_ = XdpMode::native;  // of the program on the interface
  bool is_component_ = false;       // of a dispatcher, which is made anew when one is added
};

// A recorder installed in a hook that no program uses would decide which programs may use it.
void require_owner(const Hook& hook) {
  if (hook.has_owner()) return;
  throw NotFound(
      "opening the hook " + hook.path() + ": no loaded XDP program uses it yet",
      "a recorder installed first would keep most programs from using the hook: load the "
      "program first, or use --wait");
}

void Finder::find_path() {
  std::error_code ignored;
  if (!options_.is_plain && std::filesystem::is_directory(name_.name, ignored)) {
    return find_folder();
  }
  const UniqueFd fd(bpf_obj_get(name_.name.c_str()));
  if (!options_.is_plain && fd.valid() && !map_info(fd.get())) {
    return add_program(LoadedProgram::find_any(name_.name).info(), {}, name_.text);
  }
  add_hook(Hook::open(name_.name), pin_place(name_.name), {}, name_.text);
}

// Those that are pinned directly in it.
void Finder::find_folder() {
  const std::size_t before = found_.sources.size();
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(name_.name)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> others;
  for (const std::string& path : paths) {
    const UniqueFd fd(bpf_obj_get(path.c_str()));
    const auto map = fd.valid() ? map_info(fd.get()) : std::nullopt;
    if (!map || map->type != BPF_MAP_TYPE_PROG_ARRAY) continue;
    if (!is_certain_hook(map->id)) {
      others.push_back(path);
      continue;
    }
    add_hook(Hook::open(path), pin_place(path), {}, path);
  }
  if (found_.sources.size() > before) return;
  if (others.empty()) {
    throw Error("-i " + name_.text + ": no hook is pinned in this folder",
                "--list shows the hooks there are");
  }
  throw Error("-i " + name_.text + ": what is pinned there may be jump tables, and no hooks",
              "if one of them is a hook, name it: " + join(others, ", "));
}

void Finder::find_interface_programs() {
  const InterfacePrograms interface = find_interface(name_.name, name_.network_namespace);
  if (interface.attachments.empty()) return attach(interface);
  const auto targets = extended_programs();
  for (const XdpAttachment& one : interface.attachments) {
    const auto program = find_program(one.program_id);
    if (!program) throw Error("-i " + name_.text + ": its program cannot be seen", kLookHint);
    mode_ = one.mode;
    std::vector<ProgramInfo> components;
    for (const auto& [id, target] : targets) {
      if (target != one.program_id) continue;
      if (auto component = find_program(id)) components.push_back(std::move(*component));
    }
    if (components.empty()) {
      add_program(*program, " on " + name_.text, name_.text);
    } else {
      add_dispatcher(*program, components);
    }
  }
}

// Each of its components, and the dispatcher itself, which decides in the end.
void Finder::add_dispatcher(const ProgramInfo& dispatcher,
                            const std::vector<ProgramInfo>& components) {
  const std::string where = " under the dispatcher, " + dispatcher.text() + ", on " + name_.text;
  is_component_ = true;
  for (const ProgramInfo& component : components) {
    add_program(component, where, name_.text + "/" + component.name);
  }
  is_component_ = false;
  if (options_.method == Method::hook) return;
  try {
    trace(dispatcher, ", the dispatcher, on " + name_.text, name_.text + "/" + dispatcher.name);
  } catch (const Error& error) {
    found_.notes.push_back(
        name_.text + ": what the dispatcher returns in the end is not captured: " + error.what());
  }
}

void Finder::attach(const InterfacePrograms& interface) {
  if (options_.method != Method::any && options_.method != Method::attach) {
    refuse_method("has no XDP program");
  }
  if (options_.wait) {
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
      .description = "recorder attached to " + name_.text + ", which had no XDP program"};
  found_.notes.push_back(name_.text +
                         ": it has no XDP program, so a recorder is attached to it "
                         "that passes all packets");
  found_.sources.push_back(std::make_unique<AttachedSource>(
      std::move(title),
      AttachedSource::Interface{name_.name, name_.network_namespace, interface.index}));
}

// By its hook if it has one. `where` is a part of the description: " on eth0".
void Finder::add_program(const ProgramInfo& program, const std::string& where,
                         const std::string& label) {
  if (options_.method == Method::attach) refuse_method("has an XDP program");
  const bool only_at_exit = options_.at == CapturePoint::exit;
  const bool may_use_hook = options_.method != Method::trace && only_at_exit;
  const std::vector<std::uint32_t> hooks =
      may_use_hook ? certain_hooks(program) : std::vector<std::uint32_t>();
  if (!hooks.empty()) return add_hooks(program, hooks, where, label);
  if (options_.method == Method::hook) {
    if (!only_at_exit) refuse_method("is to be captured at its entry, where it has no hook");
    throw no_hook(program, {});
  }
  try {
    trace(program, where, label);
  } catch (const Error& error) {
    if (!may_use_hook) throw;
    throw no_hook(program, error);
  }
}

// With the reason why the program cannot be traced instead, if there is one.
Error Finder::no_hook(const ProgramInfo& program, const std::optional<Error>& not_traced) const {
  std::vector<std::string> others;
  for (const ProgramArray& array : program_arrays(program)) {
    others.push_back("map:" + std::to_string(array.map_id) + " (" + array.name + ")");
  }
  const std::string what = "-i " + name_.text + ": " + program.text() + " has no hook";
  const std::string tables =
      "if one of its tail call tables is a hook, name it: " + join(others, ", ");
  if (not_traced) {
    return Error(what + ", and cannot be traced: " + not_traced->what(),
                 others.empty() ? not_traced->hint() : tables);
  }
  return Error(
      what, others.empty() ? "leave out --method, or end the program with xdpcap_exit()" : tables);
}

void Finder::trace(const ProgramInfo& program, const std::string& where, const std::string& label) {
  UniqueFd fd(bpf_prog_get_fd_by_id(program.id));
  if (!fd.valid()) throw system_error("opening " + program.text(), errno, kLookHint);
  const bool both = options_.at == CapturePoint::both;
  if (options_.at != CapturePoint::exit) require_tracing(fd.get(), TracePoint::entry);
  if (options_.at != CapturePoint::entry) require_tracing(fd.get(), TracePoint::exit);
  TracedSource::Plan plan{
      .title = {.name = name_.text,
                .label = label,
                .description = program.text() + where + ", traced"},
      .actions = actions_.value_or(parse_actions("aborted,drop,pass,tx,redirect")),
      .at = options_.at,
      .follow = options_.follow,
      .place = {}};
  if (name_.kind == SourceName::Kind::interface && !is_component_) {
    plan.place = {name_.text, name_.name, name_.network_namespace, mode_};
  }
  found_.notes.push_back(label + ": " + program.text() + where + " is traced at its " +
                         (both                                 ? "entry and exit"
                          : options_.at == CapturePoint::entry ? "entry"
                                                               : "exit"));
  found_.sources.push_back(std::make_unique<TracedSource>(std::move(fd), std::move(plan)));
}

void Finder::add_hooks(const ProgramInfo& program, const std::vector<std::uint32_t>& hooks,
                       const std::string& where, const std::string& label) {
  for (const std::uint32_t id : hooks) {
    Hook hook = Hook::open_by_id(id);
    const std::string its_label = hooks.size() == 1 ? label : label + "/map:" + std::to_string(id);
    std::unique_ptr<HookPlace> place =
        name_.kind == SourceName::Kind::interface && hooks.size() == 1 && !is_component_
            ? interface_place(name_.text, name_.name, name_.network_namespace)
        : hook.is_pinned() ? pin_place(hook.path())
                           : nullptr;
    add_hook(std::move(hook), std::move(place), " of " + program.text() + where, its_label);
  }
}

void Finder::add_hook(Hook hook, std::unique_ptr<HookPlace> place, const std::string& of,
                      const std::string& label) {
  if (options_.method != Method::any && options_.method != Method::hook) {
    refuse_method("is a hook");
  }
  if (options_.at != CapturePoint::exit) {
    throw UsageError("--at: " + name_.text + " is a hook, which sees packets only as they leave",
                     "name the program or the interface instead");
  }
  require_owner(hook);
  if (!maps_.insert(hook.map_id()).second) {
    found_.notes.push_back(label + ": uses the " + text_of(hook) + ", too");
    return;
  }
  std::vector<XdpAction> actions = captured_actions(hook, actions_);
  SourceTitle title{.name = name_.text,
                    .label = options_.is_plain ? "" : label,
                    .description = text_of(hook) + of};
  if (!options_.is_plain) found_.notes.push_back(label + ": captured by the " + title.description);
  found_.sources.push_back(
      std::make_unique<HookSource>(std::move(hook), HookSource::Plan{.title = std::move(title),
                                                                     .actions = std::move(actions),
                                                                     .replace = options_.replace,
                                                                     .follow = options_.follow,
                                                                     .place = std::move(place)}));
}

void Finder::refuse_method(const std::string& what) const {
  throw UsageError("--method: " + name_.text + " " + what, "leave --method out");
}

FoundSources find_all(const SourceOptions& options, const Actions& actions) {
  FoundSources found;
  std::set<std::uint32_t> maps;
  for (const std::string& text : options.names) {
    SourceName name = options.is_plain
                          ? SourceName{.kind = SourceName::Kind::path, .text = text, .name = text}
                          : parse_source(text);
    Finder(options, actions, std::move(name), found, maps).find();
  }
  return found;
}

void announce(const SourceOptions& options, const Error& missing) {
  tell("waiting " +
       (options.is_plain
            ? "until a loaded XDP program uses a hook pinned at " + options.names.front()
            : "for the sources: " + std::string(missing.what())) +
       '\n');
}

}  // namespace

FoundSources find_sources(const SourceOptions& options, const Actions& actions, int stop_fd) {
  // Without tracing, neither bpffs nor program loading can be watched; polling costs next to
  // nothing.
  constexpr int kLookEveryMilliseconds = 250;
  for (bool announced = false;; announced = true) {
    try {
      return find_all(options, actions);
    } catch (const NotFound& error) {
      if (!options.wait) throw;
      if (!announced) announce(options, error);
    }
    pollfd stop{stop_fd, POLLIN, 0};
    if (::poll(&stop, 1, kLookEveryMilliseconds) > 0) return {};
  }
}

}  // namespace xdpcap
