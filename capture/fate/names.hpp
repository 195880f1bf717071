// SPDX-License-Identifier: BSD-3-Clause
// Names for the numbers that fates are made of. For new fates only: each look-up is a system call
// or more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fate/tracer.hpp"
#include "fate/tracing.h"

namespace xdpcap {

class Names {
 public:
  // `tracer` has to outlive it.
  explicit Names(const Tracer& tracer) : tracer_(tracer) {}

  // "veth2(7)"; "7" where nobody tells the name. The name is the one the device had when the tracing
  // programs first heard of it, else the one it has now in its namespace: ours, or one of
  // /run/netns.
  [[nodiscard]] std::string device(const xdpcap_device& device) const;
  // "xdp_fw#115"; "#115" when it has no name or is gone.
  [[nodiscard]] static std::string program(std::uint32_t id);
  // The enum bpf_map_type of a map; 0 when it is gone. For reports that do not tell (plain
  // tracepoints).
  [[nodiscard]] static std::uint32_t map_type(std::uint32_t id);

 private:
  const Tracer& tracer_;
};

}  // namespace xdpcap
