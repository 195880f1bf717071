// SPDX-License-Identifier: BSD-3-Clause
#include "replay/packet_filter.hpp"

#include <pcap/bpf.h>

#include <algorithm>

namespace xdpcap {
namespace {

// libpcap has the same instruction under another name (filter/cbpf.hpp).
static_assert(sizeof(CbpfInstruction) == sizeof(bpf_insn));
static_assert(offsetof(CbpfInstruction, k) == offsetof(bpf_insn, k));

bool takes(const CbpfProgram& filter, std::span<const std::byte> packet) {
  const auto length = static_cast<u_int>(packet.size());
  return bpf_filter(reinterpret_cast<const bpf_insn*>(filter.data()),
                    reinterpret_cast<const u_char*>(packet.data()), length, length) != 0;
}

}  // namespace

bool filter_takes(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                  std::span<const std::byte> packet) {
  if (offsets.empty()) return takes(filter, packet);
  return std::any_of(offsets.begin(), offsets.end(), [&](std::uint32_t offset) {
    return offset <= packet.size() && takes(filter, packet.subspan(offset));
  });
}

}  // namespace xdpcap
