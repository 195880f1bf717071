// SPDX-License-Identifier: BSD-3-Clause
// The kernel's information about loaded BPF programs. To see those of other processes takes
// CAP_SYS_ADMIN.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xdpcap {

// The hint if it is missing.
inline constexpr const char* kLookHint = "run as root, or with CAP_SYS_ADMIN";

// ProgramInfo is a program as bpf_prog_info describes it.
struct ProgramInfo {
  std::uint32_t id = 0;
  std::uint32_t type = 0;       // enum bpf_prog_type
  std::string name;             // at most 15 characters
  std::uint64_t load_time = 0;  // ns since boot
  std::uint32_t btf_id = 0;     // of its type information; 0: none
  std::vector<std::uint32_t> map_ids;

  [[nodiscard]] std::string text() const;  // "program 12 (xdp_pass)"
  [[nodiscard]] bool is_xdp() const;
  // Of type EXT, which replaces a function of another program (program_extensions.hpp).
  [[nodiscard]] bool is_extension() const;
  [[nodiscard]] bool uses(std::uint32_t map_id) const;
};

// Throws Error.
ProgramInfo program_info(int program_fd);

// Nothing if no program has this id (any more), or if this process may not see it.
std::optional<ProgramInfo> find_program(std::uint32_t id);

// All loaded XDP programs, or all programs. Throws Error if this process may not see them.
std::vector<ProgramInfo> loaded_xdp_programs();
std::vector<ProgramInfo> loaded_programs();

// The ids of the programs that use a map; none if this process may not see them.
std::vector<std::uint32_t> programs_using(std::uint32_t map_id);

}  // namespace xdpcap
