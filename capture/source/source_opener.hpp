// SPDX-License-Identifier: BSD-3-Clause
// Chooses how to capture from a hook, a program or an interface.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/xdp_action.hpp"
#include "bpf/program_info.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/find_sources.hpp"
#include "source/hook.hpp"
#include "source/hook_place.hpp"
#include "source/other_interfaces.hpp"
#include "source/source_name.hpp"
#include "source/source_options.hpp"

namespace xdpcap {

using WantedActions = std::optional<std::vector<XdpAction>>;

// OpenedOnce is a set of hooks or of programs, by id, with the interfaces whose packets are
// excluded there. What excludes others captures other packets.
class OpenedOnce {
 public:
  // False if it is in the set.
  bool add(std::uint32_t id, const std::vector<std::uint32_t>& excluded) {
    return all_.emplace(id, excluded).second;
  }
  [[nodiscard]] bool has(std::uint32_t id, const std::vector<std::uint32_t>& excluded) const {
    return all_.contains({id, excluded});
  }
  // Whatever is excluded.
  [[nodiscard]] bool has(std::uint32_t id) const {
    const auto first = all_.lower_bound({id, {}});
    return first != all_.end() && first->first == id;
  }

 private:
  std::set<std::pair<std::uint32_t, std::vector<std::uint32_t>>> all_;
};

// What SourceOpener has opened so far.
struct OpenedSources {
  FoundSources found;
  OpenedOnce hooks;
  OpenedOnce programs;  // that are traced
};

// SourceOpener opens the sources that one name stands for, and says in their notes what is unusual.
// `label` becomes the first part of the names of their interfaces. All functions throw Error.
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
  // The interfaces beside ours where these programs run; none if the source is no interface.
  [[nodiscard]] OtherInterfaces others_of(const std::vector<std::uint32_t>& programs);
  [[noreturn]] static void refuse_shared(const std::string& option, const Hook& hook,
                                         const std::string& label);
  [[noreturn]] void refuse_method(const std::string& what) const;

  const SourceOptions& options_;
  const WantedActions& actions_;
  const SourceName& name_;
  FoundSources& found_;
  OpenedOnce& hooks_;
  OpenedOnce& programs_;
  std::optional<XdpMode> mode_;
};

}  // namespace xdpcap
