// SPDX-License-Identifier: BSD-3-Clause
#include "filter/file_link_type.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "filter/pcap_handle.hpp"

namespace xdpcap {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

}  // namespace

// libpcap does not export its table but uses it for files, so let it write a file header: the
// number is the last field of its 24 bytes.
std::uint16_t file_link_type(LinkType link_type) {
  constexpr std::size_t kHeaderSize = 24;
  constexpr std::size_t kNetworkAt = 20;
  std::array<char, kHeaderSize + 1> header{};
  const PcapHandle pcap(pcap_open_dead(link_type.dlt, 1));
  std::unique_ptr<std::FILE, CloseFile> memory(::fmemopen(header.data(), header.size(), "wb"));
  if (!pcap || !memory) throw Error("looking up the link type: out of memory");
  pcap_dumper_t* dumper = pcap_dump_fopen(pcap.get(), memory.get());
  if (dumper == nullptr) {
    throw UsageError("captures cannot hold link type " + std::to_string(link_type.dlt));
  }
  [[maybe_unused]] std::FILE* const closed_with_dumper = memory.release();
  pcap_dump_close(dumper);
  std::uint32_t network = 0;
  std::memcpy(&network, header.data() + kNetworkAt, sizeof(network));
  return static_cast<std::uint16_t>(network);
}

PcapHandle open_empty_file(std::uint16_t link_type) {
  constexpr std::uint32_t kMagic = 0xA1B2C3D4;
  constexpr std::uint32_t kVersion = 2 | 4U << 16U;
  constexpr std::uint32_t kSnaplen = 262144;
  std::array<std::uint32_t, 6> header = {kMagic, kVersion, 0, 0, kSnaplen, link_type};
  std::FILE* const memory = ::fmemopen(header.data(), sizeof(header), "rb");
  if (memory == nullptr) throw Error("looking up the link type: out of memory");
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  PcapHandle pcap(pcap_fopen_offline(memory, reason.data()));
  if (pcap) return pcap;
  (void)std::fclose(memory);
  throw Error("looking up link type " + std::to_string(link_type) + ": " + reason.data());
}

LinkType link_type_of_file(std::uint16_t link_type) {
  return {.dlt = pcap_datalink(open_empty_file(link_type).get()), .is_of_file = true};
}

}  // namespace xdpcap
