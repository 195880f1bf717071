// SPDX-License-Identifier: BSD-3-Clause
// Lists hooks, the programs that use them, and the captures from them.
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

// HookUser is an XDP program that exits through a hook, and where it is attached. A program that is
// called by others (from a devmap, a cpumap, by tail call) has no attachment of its own. A program
// loaded by libxdp runs where its dispatcher is attached.
struct HookUser {
  std::uint32_t id = 0;
  std::string name;
  std::vector<XdpAttachment> attachments;
  ProgramName dispatcher = {};  // id 0: none
};

// SlotProgram is a recorder in the chain of a slot. Without a holder, its capture has ended (or is
// not visible to this process).
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

// All hooks that are pinned in a mounted bpffs, by path: each map of type prog_array that XDP
// programs use, or that no program uses yet. An XDP program's own tail call table looks the same,
// and is listed, too. A hook with two pins is listed twice. Throws Error, usually because this
// process may not inspect BPF programs.
std::vector<ListedHook> list_hooks();

// Their paths only, as far as this process may see them: quickly, and without errors.
std::vector<std::string> hook_paths();

}  // namespace xdpcap
