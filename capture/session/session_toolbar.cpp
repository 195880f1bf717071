// SPDX-License-Identifier: BSD-3-Clause
// The part of a session that Wireshark's toolbar changes.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "session/session.hpp"

namespace xdpcap {

// A source that is followed gets its recorders from the guardian, which cannot be told of a change.
void Session::prepare_toolbar() {
  Toolbar::Plan plan;
  for (const auto& source : sources_) {
    const auto& actions = source->actions();
    plan.actions.insert(plan.actions.end(), actions.begin(), actions.end());
  }
  const bool takes_all =
      std::ranges::all_of(sources_, [](const auto& source) { return source->takes_forwarders(); });
  if (options_.files.user) {
    plan.why_not = "with -Z, the capture has no privileges to load another filter";
  } else if (options_.sources.follow) {
    plan.why_not = "a capture that follows reloads keeps its filter";
  } else if (!takes_all) {
    plan.why_not = "only captures by a hook can be changed";
  } else {
    plan.recorders = &changeable_.emplace();
  }
  toolbar_.emplace(options_, std::move(plan));
  recording_.note_from([this] { return toolbar_->take_notes(); });
}

}  // namespace xdpcap
