// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

// LegacyObject is an XDP program whose hook is a struct bpf_map_def in the ELF section "maps", as
// loaders before libbpf 1.0 knew it: loaded here in their way, with no BTF and an attach type of 0.
struct LegacyObject {
  UniqueFd hook;
  UniqueFd program;
};

// Loads the program in section "xdp", which uses the one map in section "maps". Throws Error.
LegacyObject load_legacy_object(const std::string& path);

}  // namespace xdpcap
