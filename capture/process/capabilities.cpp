// SPDX-License-Identifier: BSD-3-Clause
#include "process/capabilities.hpp"

#include <linux/capability.h>

#include <charconv>
#include <fstream>
#include <string_view>

#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr bool has(std::uint64_t capabilities, unsigned number) {
  return ((capabilities >> number) & 1U) != 0;
}

}  // namespace

std::uint64_t effective_capabilities() {
  constexpr std::string_view kField = "CapEff:";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(kField)) continue;
    const std::string_view digits = trim(std::string_view(line).substr(kField.size()));
    std::uint64_t capabilities = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), capabilities, 16);
    return capabilities;
  }
  return 0;
}

bool has_capability(unsigned number) {
  return has(effective_capabilities(), number);
}

std::vector<std::string> missing_capabilities(std::uint64_t capabilities) {
  const bool admin = has(capabilities, CAP_SYS_ADMIN);
  std::vector<std::string> missing;
  if (!admin && !has(capabilities, CAP_BPF)) missing.emplace_back("CAP_BPF");
  if (!has(capabilities, CAP_NET_ADMIN)) missing.emplace_back("CAP_NET_ADMIN");
  if (!admin && !has(capabilities, CAP_PERFMON)) missing.emplace_back("CAP_PERFMON");
  return missing;
}

std::string permission_hint() {
  const std::vector<std::string> missing = missing_capabilities(effective_capabilities());
  if (!missing.empty()) {
    return join(missing, ", ") + (missing.size() == 1 ? " is" : " are") +
           " missing: run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
  }
  return "no capability is missing: a container or a security module may forbid it; before Linux "
         "5.11 the limit on locked memory (ulimit -l) counts too";
}

}  // namespace xdpcap
