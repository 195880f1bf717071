// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace xdpcap {

// ProgramInfo is a BPF program in the kernel, as bpf_prog_info describes it.
struct ProgramInfo {
  std::uint32_t id = 0;
  std::string name;  // at most 15 characters
  std::vector<std::uint32_t> map_ids;
};

// Every XDP program of the machine. Throws Error without CAP_SYS_ADMIN (before Linux 5.8) or
// CAP_BPF.
std::vector<ProgramInfo> loaded_xdp_programs();

// The name of a program; empty if there is none of that id (any more).
std::string program_name(std::uint32_t id);

// Process has a BPF program open.
struct Process {
  pid_t pid = 0;
  std::string command;  // /proc/PID/comm
};

// Which processes have one of these programs open, by program id: as far as /proc shows them to
// us, which is everything to root.
std::map<std::uint32_t, std::vector<Process>> processes_of(const std::set<std::uint32_t>& programs);

}  // namespace xdpcap
