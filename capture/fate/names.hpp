// SPDX-License-Identifier: BSD-3-Clause
// Names for the numbers in a fate. For new fates only: each look-up takes one or more system calls.
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
  // Looks up the name that a device had when the tracing programs first saw it, if they did.
  using NameLookup = std::function<std::optional<std::string>(const xdpcap_device&)>;
  explicit Names(NameLookup lookup);

  // "veth2(7)"; "7" if the name is known neither to the tracing programs nor in the device's
  // namespace (the current one or one of /run/netns).
  [[nodiscard]] std::string device(const xdpcap_device& device) const;
  // "xdp_fw#115"; "#115" if it has no name, or if it was loaded after this object was created and
  // is gone or may not be seen.
  [[nodiscard]] std::string program(std::uint32_t id) const;
  // The enum bpf_map_type of a map; 0 if it is gone. For reports without the type (plain
  // tracepoints).
  [[nodiscard]] static std::uint32_t map_type(std::uint32_t id);

 private:
  NameLookup lookup_;
  // By id, as of the start: a capture may give up the privilege to look later (-Z).
  std::map<std::uint32_t, std::string> programs_;
};

}  // namespace xdpcap
