// SPDX-License-Identifier: BSD-3-Clause
#include "filter/file_link_type.hpp"

#include <pcap/pcap.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace xdpcap {

// libpcap keeps its table to itself but writes by it: the number is the last field of the 24 bytes
// that a pcap file begins with.
std::uint16_t file_link_type(LinkType link_type) {
  constexpr std::size_t kHeaderSize = 24;
  constexpr std::size_t kNetworkAt = 20;
  std::array<char, kHeaderSize + 1> header{};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap(pcap_open_dead(link_type.dlt, 1),
                                                            pcap_close);
  std::FILE* memory = ::fmemopen(header.data(), header.size(), "wb");
  if (!pcap || memory == nullptr) throw Error("looking up the link type: out of memory");
  pcap_dumper_t* dumper = pcap_dump_fopen(pcap.get(), memory);
  if (dumper == nullptr) {
    std::fclose(memory);
    throw UsageError("captures cannot hold link type " + std::to_string(link_type.dlt));
  }
  pcap_dump_close(dumper);
  std::uint32_t network = 0;
  std::memcpy(&network, header.data() + kNetworkAt, sizeof(network));
  return static_cast<std::uint16_t>(network);
}

}  // namespace xdpcap
