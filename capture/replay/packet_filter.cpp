// SPDX-License-Identifier: BSD-3-Clause
#include "replay/packet_filter.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <cstddef>

namespace xdpcap {
namespace {

// libpcap has the same instruction under another name (filter/cbpf.hpp).
static_assert(sizeof(CbpfInstruction) == sizeof(bpf_insn));
static_assert(offsetof(CbpfInstruction, k) == offsetof(bpf_insn, k));

bool takes(const CbpfProgram& filter, std::span<const std::byte> packet) {
  // libpcap only reads the instructions, but says so nowhere.
  auto* instructions = const_cast<CbpfInstruction*>(filter.data());
  const bpf_program program{static_cast<u_int>(filter.size()),
                            reinterpret_cast<bpf_insn*>(instructions)};
  pcap_pkthdr header{};
  header.caplen = header.len = static_cast<bpf_u_int32>(packet.size());
  return pcap_offline_filter(&program, &header, reinterpret_cast<const u_char*>(packet.data())) !=
         0;
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
