// SPDX-License-Identifier: BSD-3-Clause
// Who has put a program into a hook: the kernel does not note it, but shows each process's open
// programs in /proc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

struct Holder {
  int pid = 0;
  std::string command;  // the name that ps shows
};

// A process that has the program open; nothing when there is none, or when this process may not
// look into it. Reads all of /proc: for errors and for changes of a hook only.
std::optional<Holder> find_holder(std::uint32_t program_id);

// "BPF program 12 (xdpcap_drop), pid 4711 (xdpcap-cpp), since 2026-11-21 04:11:05", as much of it
// as can be found out.
std::string describe_program(std::uint32_t program_id);

// Whether the program is a recorder whose capture was killed, together with its guardian: nobody
// has it open, and this process would see it if somebody had.
bool is_left_over(std::uint32_t program_id);

}  // namespace xdpcap
