// SPDX-License-Identifier: BSD-3-Clause
// Who has put a program into a hook: the kernel does not note it, but shows each process's open
// programs in /proc.
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

// Who has these programs open, by program id, as far as this process may look. Reads all of /proc:
// for lists, errors and changes of a hook only.
std::map<std::uint32_t, std::vector<Holder>> find_holders(const std::set<std::uint32_t>& programs);

// "BPF program 12 (xdpcap_drop), pid 4711 (xdpcap-cpp), since 2026-11-21 04:11:05", as much of it
// as can be found out.
std::string describe_program(std::uint32_t program_id);

// Which of these programs are recorders whose capture was killed, together with its guardian:
// nobody has them open, and this process would see it if somebody had. Reads /proc once for all.
std::set<std::uint32_t> left_over(const std::set<std::uint32_t>& programs);

}  // namespace xdpcap
