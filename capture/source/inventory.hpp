// SPDX-License-Identifier: BSD-3-Clause
// Which hooks there are, who uses them, and who captures from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/holder.hpp"

namespace xdpcap {

struct ProgramName {
  std::uint32_t id = 0;
  std::string name;
};

// HookUser is an XDP program that exits through a hook, and where it runs. A program that others
// call (from a devmap, a cpumap, by tail call) runs without an attachment of its own. One that
// libxdp has loaded runs where the dispatcher does that it is a part of.
struct HookUser {
  std::uint32_t id = 0;
  std::string name;
  std::vector<XdpAttachment> attachments;
  ProgramName dispatcher = {};  // id 0: none
};

// SlotProgram is a recorder in a slot, alone or in a chain: somebody captures. Without a holder,
// whoever it was is gone (or out of our sight).
struct SlotProgram {
  XdpAction action;
  std::uint32_t program_id = 0;
  std::string program_name;
  std::vector<Holder> holders;
};

// ListedHook is a pinned hook.
struct ListedHook {
  std::string path;
  std::uint32_t map_id = 0;
  std::uint32_t slots = 0;
  std::vector<HookUser> users;
  std::vector<SlotProgram> filled;
};

// Every hook that is pinned in a bpffs mounted here, by path: each map of type prog_array that XDP
// programs use, or that nobody uses yet. An XDP program's own table of tail calls looks the same,
// and is listed too. A hook with two pins is listed twice. Throws Error, above all when we may not
// look at BPF programs.
std::vector<ListedHook> list_hooks();

// Their paths alone, as far as we may look: quickly, and without errors.
std::vector<std::string> hook_paths();

}  // namespace xdpcap
