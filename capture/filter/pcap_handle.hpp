// SPDX-License-Identifier: BSD-3-Clause
// Handles of libpcap without packets.
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <memory>

namespace xdpcap {

struct ClosePcap {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

// An empty capture file of this link type (LINKTYPE_*). Throws Error if libpcap does not know it.
PcapHandle open_empty_file(std::uint16_t link_type);

}  // namespace xdpcap
