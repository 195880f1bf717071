// SPDX-License-Identifier: BSD-3-Clause
#include "source/find_sources.hpp"

#include <bpf/bpf.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/tell.hpp"
#include "base/text.hpp"
#include "bpf/loaded_program.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_extensions.hpp"
#include "source/certain_hooks.hpp"
#include "source/inventory.hpp"
#include "source/source_opener.hpp"

namespace xdpcap {
namespace {

// Finder finds what one name stands for.
class Finder {
 public:
  Finder(const SourceOptions& options, const WantedActions& actions, const SourceName& name,
         OpenedSources& opened)
      : options_(options), name_(name), opened_(opened), opener_(options, actions, name, opened) {}

  void open() {
    using Kind = SourceName::Kind;
    switch (name_.kind) {
      case Kind::path:
        return open_path();
      case Kind::map:
        return opener_.open_hook(Hook::open_by_id(name_.map_id), nullptr, {}, name_.text);
      case Kind::program:
        return opener_.open_program(LoadedProgram::find_any(name_.name).info(), {}, name_.text);
      case Kind::interface:
        return open_interface();
    }
  }

 private:
  void open_path();
  void open_folder();
  void open_interface();
  void note_hidden_components(const ProgramInfo& program);
  void open_dispatcher(const ProgramInfo& dispatcher, const std::vector<ProgramInfo>& components);

  const SourceOptions& options_;
  const SourceName& name_;
  OpenedSources& opened_;
  SourceOpener opener_;
};

void Finder::open_path() {
  std::error_code ignored;
  if (!options_.is_plain && std::filesystem::is_directory(name_.name, ignored)) {
    return open_folder();
  }
  const UniqueFd fd(bpf_obj_get(name_.name.c_str()));
  if (!options_.is_plain && fd.valid() && is_program(fd.get())) {
    return opener_.open_program(LoadedProgram::find_any(name_.name).info(), {}, name_.text);
  }
  opener_.open_hook(Hook::open(name_.name), pin_place(name_.name), {}, name_.text);
}

// Those that are pinned directly in it.
void Finder::open_folder() {
  const std::size_t before = opened_.found.sources.size();
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(name_.name, error)) {
    paths.push_back(entry.path());
  }
  if (error) throw system_error("reading the folder " + name_.name, error.value());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> others;
  for (const std::string& path : paths) {
    const UniqueFd fd(bpf_obj_get(path.c_str()));
    const auto map = fd.valid() && is_map(fd.get()) ? map_info(fd.get()) : std::nullopt;
    if (!map || map->type != BPF_MAP_TYPE_PROG_ARRAY) continue;
    if (!is_certain_hook(map->id)) {
      others.push_back(path);
      continue;
    }
    opener_.open_hook(Hook::open(path), pin_place(path), {}, path);
  }
  if (opened_.found.sources.size() > before) return;
  if (others.empty()) {
    throw NotFound("-i " + name_.text + ": no hook is pinned in this folder",
                   "--list shows the hooks there are");
  }
  throw Error("-i " + name_.text + ": what is pinned there may be jump tables, and no hooks",
              "if one of them is a hook, name it: " + join(others, ", "));
}

void Finder::open_interface() {
  const InterfacePrograms interface = find_interface(name_.name, name_.network_namespace);
  if (interface.attachments.empty()) return opener_.attach(interface);
  const auto targets = extended_programs();
  for (const XdpAttachment& one : interface.attachments) {
    const auto program = find_program(one.program_id);
    if (!program && errno == ENOENT) throw NotFound("-i " + name_.text + ": its program has gone");
    if (!program) throw Error("-i " + name_.text + ": its program cannot be seen", kLookHint);
    opener_.set_mode(one.mode);
    std::vector<ProgramInfo> components;
    for (const auto& [id, target] : targets) {
      if (target != one.program_id) continue;
      auto component = find_program(id);  // other tracing programs have a target, too
      if (component && component->is_extension()) components.push_back(std::move(*component));
    }
    if (components.empty()) {
      note_hidden_components(*program);
      opener_.open_program(*program, " on " + name_.text, name_.text);
    } else {
      open_dispatcher(*program, components);
    }
  }
}

void Finder::note_hidden_components(const ProgramInfo& program) {
  if (!has_hidden_targets() || !certain_hooks(program).empty()) return;
  opened_.found.notes.push_back(
      name_.text + ": if " + program.text() +
      " is a dispatcher, only what it returns in the end is captured: before Linux 5.13 the kernel "
      "does not tell which programs are under it; name those, as in -i prog:ID");
}

// Each of its components, and the dispatcher itself, which decides in the end. A component that
// cannot be captured is left to the dispatcher.
void Finder::open_dispatcher(const ProgramInfo& dispatcher,
                             const std::vector<ProgramInfo>& components) {
  const std::string where = " under the dispatcher, " + dispatcher.text() + ", on " + name_.text;
  opener_.set_mode({});
  std::optional<Error> failure;
  for (const ProgramInfo& component : components) {
    try {
      opener_.open_program(component, where, name_.text + "/" + component.name);
    } catch (const UsageError&) {
      throw;
    } catch (const NotFound&) {  // --wait tries again
      throw;
    } catch (const Error& error) {
      if (options_.method != Method::any) throw;
      opened_.found.notes.push_back(std::string(error.what()) +
                                    "; only what the dispatcher returns in the end is captured");
      failure.emplace(error);
    }
  }
  if (options_.method == Method::hook) return;
  try {
    opener_.trace(dispatcher, ", the dispatcher, on " + name_.text,
                  name_.text + "/" + dispatcher.name);
  } catch (const Error& error) {
    if (failure) throw Error(*failure);
    opened_.found.notes.push_back(
        name_.text + ": what the dispatcher returns in the end is not captured: " + error.what());
  }
}

// Reports from the guardian have the source's number in a byte.
constexpr std::size_t kMostSources = 256;

FoundSources find_all(const SourceOptions& options, const WantedActions& actions) {
  OpenedSources opened;
  for (const std::string& text : options.names) {
    const SourceName name =
        options.is_plain ? SourceName{.kind = SourceName::Kind::path, .text = text, .name = text}
                         : parse_source(text);
    Finder(options, actions, name, opened).open();
  }
  if (opened.found.sources.size() > kMostSources) {
    throw UsageError("-i: " + counted(opened.found.sources.size(), "source"),
                     "a capture has at most " + std::to_string(kMostSources));
  }
  return std::move(opened.found);
}

// Paths of hooks that may be meant by those that are missing.
std::string other_hooks(const std::vector<std::string>& names) {
  const std::vector<std::string> hooks = hook_paths();
  std::vector<std::string> nearest;
  for (const std::string& name : names) {
    const bool is_there = std::find(hooks.begin(), hooks.end(), name) != hooks.end();
    std::string other = is_there ? "" : nearest_name(name, hooks);
    if (!other.empty()) nearest.push_back(std::move(other));
  }
  return nearest.empty() ? "" : "; there is " + join(nearest, ", ");
}

void announce(const SourceOptions& options, const Error& missing) {
  tell("waiting " +
       (options.is_plain
            ? "until a loaded XDP program uses a hook pinned at " + options.names.front()
            : "for the sources: " + std::string(missing.what())) +
       other_hooks(options.names) + '\n');
}

}  // namespace

FoundSources find_sources(const SourceOptions& options, const WantedActions& actions, int stop_fd) {
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
