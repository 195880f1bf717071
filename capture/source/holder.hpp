// SPDX-License-Identifier: BSD-3-Clause
// Finds the processes whose programs are in a hook. The kernel does not record which process
// installed a program, but /proc shows the open programs of each process.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace xdpcap {

// Holder is a process that has a program open.
struct Holder {
  int pid = 0;
  std::string command;     // the name that ps shows, unprintable characters as '?'
  std::int64_t start = 0;  // seconds since boot
};

// The processes that have these programs open, by program id, as far as this process may see. Reads
// all of /proc, so it is only for lists, errors and changes of a hook.
std::map<std::uint32_t, std::vector<Holder>> find_holders(const std::set<std::uint32_t>& programs);

// "BPF program 12 (xdpcap_drop), pid 4711 (xdpcap-cpp), since 2026-11-21 04:11:05", as far as
// known.
std::string describe_program(std::uint32_t program_id);

// Whether the program is a recorder of this tool.
bool is_recorder(std::uint32_t program_id);

// The recorders among these programs whose capture was killed together with its guardian: no
// process has them open. Empty if this process cannot see all others. Reads /proc only once.
std::set<std::uint32_t> orphaned_recorders(const std::set<std::uint32_t>& programs);

}  // namespace xdpcap
