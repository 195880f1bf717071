// SPDX-License-Identifier: BSD-3-Clause
// Names for the numbers that fates are made of. For new fates only: each look-up is a system call
// or more.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "fate/tracing.h"

namespace xdpcap {

class Names {
 public:
  // `heard`: the name a device had when the tracing programs first heard of it, if they did.
  using Heard = std::function<std::optional<std::string>(const xdpcap_device&)>;
  explicit Names(Heard heard);

  // "veth2(7)"; "7" where nobody tells the name: neither the tracing programs, nor its namespace,
  // if that is ours or one of /run/netns.
  [[nodiscard]] std::string device(const xdpcap_device& device) const;
  // "xdp_fw#115"; "#115" when it has no name, or was loaded later than this was made and may not be
  // looked at or is gone.
  [[nodiscard]] std::string program(std::uint32_t id) const;
  // The enum bpf_map_type of a map; 0 when it is gone. For reports that do not tell (plain
  // tracepoints).
  [[nodiscard]] static std::uint32_t map_type(std::uint32_t id);

 private:
  Heard heard_;
  // By id, as of the beginning: a capture may give up the right to ask (-Z).
  std::map<std::uint32_t, std::string> programs_;
};

}  // namespace xdpcap
