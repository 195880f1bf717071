// SPDX-License-Identifier: BSD-3-Clause
// Finds what the user has named, and how to capture from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "source/guarded_sources.hpp"
#include "source/source_name.hpp"
#include "source/source_options.hpp"

namespace xdpcap {

struct FoundSources {
  Sources sources;
  std::vector<std::string> notes;  // for the user: what is not as it could be expected
};

// Opens all sources; nothing is changed or loaded. With --wait it returns when all are there, or
// none when `stop_fd` becomes readable. Throws Error.
FoundSources find_sources(const SourceOptions& options,
                          const std::optional<std::vector<XdpAction>>& actions, int stop_fd);

}  // namespace xdpcap
