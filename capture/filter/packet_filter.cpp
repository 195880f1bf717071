// SPDX-License-Identifier: BSD-3-Clause
#include "filter/packet_filter.hpp"

#include <algorithm>

#include "filter/cbpf_interpreter.hpp"

namespace xdpcap {

bool filter_takes(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                  std::span<const std::byte> packet) {
  if (offsets.empty()) return run_cbpf(filter, packet) == CbpfVerdict::match;
  return std::any_of(offsets.begin(), offsets.end(), [&](std::uint32_t offset) {
    return offset <= packet.size() &&
           run_cbpf(filter, packet.subspan(offset)) == CbpfVerdict::match;
  });
}

}  // namespace xdpcap
