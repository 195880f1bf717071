// SPDX-License-Identifier: BSD-3-Clause
#include "filter/oracle.hpp"

#include <pcap/pcap.h>

#include "filter/cbpf_interpreter.hpp"

namespace xdpcap::test {

static_assert(sizeof(CbpfInstruction) == sizeof(bpf_insn));

namespace {
const bpf_insn* as_pcap(const CbpfProgram& filter) {
  return reinterpret_cast<const bpf_insn*>(filter.data());
}
}  // namespace

bool libpcap_matches(const CbpfProgram& filter, std::span<const std::uint8_t> packet) {
  if (run_cbpf(filter, std::as_bytes(packet)) == CbpfVerdict::endless) return false;
  const bpf_program program{static_cast<u_int>(filter.size()),
                            const_cast<bpf_insn*>(as_pcap(filter))};
  pcap_pkthdr header{};
  header.caplen = header.len = static_cast<bpf_u_int32>(packet.size());
  return pcap_offline_filter(&program, &header, packet.data()) != 0;
}

bool libpcap_accepts(const CbpfProgram& filter) {
  return bpf_validate(as_pcap(filter), static_cast<int>(filter.size())) != 0;
}

std::string link_type_name(int dlt) {
  const char* name = pcap_datalink_val_to_name(dlt);
  return name == nullptr ? std::string() : std::string(name);
}

}  // namespace xdpcap::test
