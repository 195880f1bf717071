// SPDX-License-Identifier: BSD-3-Clause
// What a user writes after -i.
#pragma once

#include <cstdint>
#include <string>

namespace xdpcap {

struct SourceName {
  enum class Kind : std::uint8_t {
    path,       // "/sys/fs/bpf/xdpcap": a pinned hook or program, or a folder
    map,        // "map:12"
    program,    // "prog:12", "prog:xdp_pass"
    interface,  // "eth0", "eth0@NETNS"
  };

  Kind kind;
  std::string text;                    // as typed
  std::string name;                    // of the path, program or interface
  std::string network_namespace = {};  // of an interface; empty: the current one
  std::uint32_t map_id = 0;
};

// Throws UsageError.
SourceName parse_source(const std::string& text);

}  // namespace xdpcap
