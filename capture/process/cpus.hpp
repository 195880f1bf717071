// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace xdpcap {

// The CPUs of the machine: `possible` is the size of per-CPU tables, `online` the CPUs that can run
// a program now.
struct Cpus {
  std::uint32_t possible = 0;
  std::vector<std::uint32_t> online;
};

// Reads them from /sys/devices/system/cpu. Throws Error.
Cpus read_cpus();

// Parses the kernel's list format, "0-3,8". Throws Error.
std::vector<std::uint32_t> parse_cpu_list(std::string_view text);

}  // namespace xdpcap
