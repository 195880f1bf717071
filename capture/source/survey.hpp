// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of all XDP programs: which are loaded, and where they run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bpf/program_info.hpp"
#include "bpf/xdp_attachments.hpp"

namespace xdpcap {

struct ProgramName {
  std::uint32_t id = 0;
  std::string name;
};

// PlacedProgram is an XDP program, and where it is attached. A program that is called by others
// (from a devmap, a cpumap, by tail call) has no attachment of its own. A program loaded by libxdp
// runs where its dispatcher is attached.
struct PlacedProgram {
  std::uint32_t id = 0;
  std::string name;
  std::vector<XdpAttachment> attachments;
  ProgramName dispatcher = {};  // id 0: none
};

struct Survey {
  std::vector<ProgramInfo> programs;                    // of types XDP and EXT
  std::multimap<std::uint32_t, std::uint32_t> targets;  // extended_programs()
  std::vector<XdpAttachment> attachments;
};

// Throws Error, usually because this process may not inspect BPF programs.
Survey make_survey();

PlacedProgram place(const ProgramInfo& program, const Survey& survey);

}  // namespace xdpcap
