// SPDX-License-Identifier: BSD-3-Clause
// Chooses how to capture from a hook, a program or an interface.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/xdp_action.hpp"
#include "bpf/program_info.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/find_sources.hpp"
#include "source/hook.hpp"
#include "source/hook_place.hpp"
#include "source/source_name.hpp"
#include "source/source_options.hpp"

namespace xdpcap {

using WantedActions = std::optional<std::vector<XdpAction>>;

// What SourceOpener has opened so far.
struct OpenedSources {
  FoundSources found;
  std::set<std::uint32_t> hooks;     // the ids of their maps: each is captured once
  std::set<std::uint32_t> programs;  // the ids of those that are traced, once each
};

// SourceOpener opens the sources that one name stands for, and says so in their notes. `label`
// becomes the first part of the names of their interfaces. All functions throw Error.
class SourceOpener {
 public:
  // All must outlive this.
  SourceOpener(const SourceOptions& options, const WantedActions& actions, const SourceName& name,
               OpenedSources& opened)
      : options_(options),
        actions_(actions),
        name_(name),
        found_(opened.found),
        hooks_(opened.hooks),
        programs_(opened.programs) {}

  // `place`: where another hook may appear; nothing: nowhere. `of`: a part of the description.
  void open_hook(Hook hook, std::unique_ptr<HookPlace> place, const std::string& of,
                 const std::string& label);
  // By its hook if it has one and this kernel lets recorders in, else by tracing it. `where`: a
  // part of the description (" on eth0").
  void open_program(const ProgramInfo& program, const std::string& where, const std::string& label);
  // `why` it is traced, for the user; empty: no special reason.
  void trace(const ProgramInfo& program, const std::string& where, const std::string& label,
             const std::string& why = {});
  // To an interface without a program.
  void attach(const InterfacePrograms& interface);

  // The programs opened from now on are attached to the interface in this mode: what is later
  // attached there takes their place. Nothing: they are parts of a dispatcher, which is loaded anew
  // when one is added.
  void set_mode(std::optional<XdpMode> mode) { mode_ = mode; }

 private:
  void open_hooks(const ProgramInfo& program, const std::vector<std::uint32_t>& hooks,
                  const std::string& where, const std::string& label);
  [[noreturn]] void refuse_method(const std::string& what) const;

  const SourceOptions& options_;
  const WantedActions& actions_;
  const SourceName& name_;
  FoundSources& found_;
  std::set<std::uint32_t>& hooks_;
  std::set<std::uint32_t>& programs_;
  std::optional<XdpMode> mode_;
};

}  // namespace xdpcap
