// SPDX-License-Identifier: BSD-3-Clause
#include "filter/oracle.hpp"

#include <pcap/pcap.h>

namespace xdpcap::test {

static_assert(sizeof(CbpfInstruction) == sizeof(bpf_insn));

namespace {
const bpf_insn* as_pcap(const CbpfProgram& filter) {
  return reinterpret_cast<const bpf_insn*>(filter.data());
}
}  // namespace

bool libpcap_matches(const CbpfProgram& filter, std::span<const std::uint8_t> packet) {
  const auto length = static_cast<u_int>(packet.size());
  return bpf_filter(as_pcap(filter), packet.data(), length, length) != 0;
}

bool libpcap_accepts(const CbpfProgram& filter) {
  return bpf_validate(as_pcap(filter), static_cast<int>(filter.size())) != 0;
}

std::string link_type_name(int dlt) {
  const char* name = pcap_datalink_val_to_name(dlt);
  return name == nullptr ? std::string() : std::string(name);
}

}  // namespace xdpcap::test
