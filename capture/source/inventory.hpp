// SPDX-License-Identifier: BSD-3-Clause
// Lists hooks, the programs that use them, and the captures: from hooks, from programs that are
// traced, and from interfaces with a recorder of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "base/xdp_buff.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/holder.hpp"
#include "source/survey.hpp"

namespace xdpcap {

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
  std::vector<PlacedProgram> users;
  std::vector<SlotProgram> filled;
};

// TracingRecorder is a recorder that traces a program.
struct TracingRecorder {
  TracePoint point = TracePoint::exit;
  std::uint32_t program_id = 0;  // its own
  std::string program_name;
  std::vector<Holder> holders;
};

// ListedProgram is a program that captures trace, or that is attached to an interface, by itself or
// as a component of a dispatcher, and uses no pinned hook. Before Linux 5.13 the kernel does not
// tell what is traced: then its id is 0.
struct ListedProgram {
  PlacedProgram program;
  std::vector<TracingRecorder> recorders;
};

// ListedInterface is an interface that had no XDP program, with a recorder attached to it.
struct ListedInterface {
  XdpAttachment place;
  std::string program_name;  // of the recorder, whose id is in `place`
  std::vector<Holder> holders;
};

struct Listing {
  std::vector<ListedHook> hooks;
  std::vector<ListedProgram> programs;
  std::vector<ListedInterface> interfaces;
};

// All of these. Throws Error, usually because this process may not inspect BPF programs.
Listing list_all();

// All hooks that are pinned in a mounted bpffs, by path: each map of type prog_array that XDP
// programs use, or that no program uses yet. An XDP program's own tail call table looks the same,
// and is listed, too. A hook with two pins is listed twice. Throws Error as list_all() does.
std::vector<ListedHook> list_hooks();

// The same without the holders of recorders, for which all of /proc is read.
std::vector<ListedHook> hooks_in(const Survey& survey);

// Their paths only, as far as this process may see them: quickly, and without errors.
std::vector<std::string> hook_paths();

}  // namespace xdpcap
