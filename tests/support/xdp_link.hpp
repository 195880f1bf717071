// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace xdpcap::test {

// The id of the BPF link of type XDP that a process has open; empty if there is none.
inline std::string xdp_link_of(pid_t pid) {
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  for (const auto& entry : std::filesystem::directory_iterator(process / "fdinfo")) {
    std::ifstream file(entry.path());
    std::string type;
    for (std::string word; file >> word;) {
      if (word == "link_type:") file >> type;
      if (word == "link_id:" && type == "xdp" && file >> word) return word;
    }
  }
  return {};
}

}  // namespace xdpcap::test
