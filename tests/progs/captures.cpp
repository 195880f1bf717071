// SPDX-License-Identifier: BSD-3-Clause
#include "progs/captures.hpp"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/features.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kEthernetHeader = 14;

// BPF_PROG_TEST_RUN takes longer packets (jumbo.pcap) since Linux 5.18 (commit 1c1949982524).
constexpr std::size_t kFitsIntoAPage = 3000;

struct Captured {
  std::string name;  // "icmp.pcap, packet 3"
  Bytes packet;
};

std::vector<Captured> read_capture(const std::filesystem::path& path) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(
      pcap_open_offline(path.c_str(), error.data()), pcap_close);
  if (!file) throw Error(error.data());
  std::vector<Captured> packets;
  if (pcap_datalink(file.get()) != DLT_EN10MB) return packets;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  for (int number = 1; pcap_next_ex(file.get(), &header, &bytes) == 1; ++number) {
    if (header->caplen < kEthernetHeader) continue;
    if (header->caplen > kFitsIntoAPage && !has_xdp_load_bytes()) continue;
    packets.push_back({path.filename().string() + ", packet " + std::to_string(number),
                       {bytes, bytes + header->caplen}});
  }
  return packets;
}

const std::vector<Captured>& all_captured() {
  static const std::vector<Captured> kAll = [] {
    std::vector<Captured> all;
    for (const auto& entry : std::filesystem::directory_iterator("pcaps")) {
      if (entry.path().extension() != ".pcap") continue;
      for (Captured& one : read_capture(entry.path())) all.push_back(std::move(one));
    }
    return all;
  }();
  return kAll;
}

void show_all(const std::string& expression, bool after_vlan,
              const std::function<void(const Bytes&, bool)>& look) {
  const Judge judge(expression);
  std::size_t taken = 0;
  for (const Captured& one : all_captured()) {
    SCOPED_TRACE(one.name);
    const bool takes = judge.takes(after_vlan ? without_vlan_tags(one.packet) : one.packet);
    if (takes) ++taken;
    look(one.packet, takes);
  }
  EXPECT_GT(taken, 0U) << expression;
  EXPECT_LT(taken, all_captured().size()) << expression;
}

}  // namespace

Judge::Judge(const std::string& expression) {
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap(pcap_open_dead(DLT_EN10MB, 262144),
                                                            pcap_close);
  auto program = std::make_unique<bpf_program>();
  constexpr int kPlain = 0;
  if (pcap_compile(pcap.get(), program.get(), expression.c_str(), kPlain, 0) != 0) {
    throw Error(expression + ": " + pcap_geterr(pcap.get()));
  }
  program_ = std::shared_ptr<bpf_program>(program.release(), [](bpf_program* compiled) {
    pcap_freecode(compiled);
    std::default_delete<bpf_program>()(compiled);
  });
}

bool Judge::takes(const Bytes& packet) const {
  const auto size = static_cast<bpf_u_int32>(packet.size());
  const pcap_pkthdr header{{}, size, size};
  return pcap_offline_filter(static_cast<const bpf_program*>(program_.get()), &header,
                             packet.data()) != 0;
}

void for_each_captured(const std::string& expression,
                       const std::function<void(const Bytes& packet, bool taken)>& look) {
  show_all(expression, false, look);
}

void for_each_captured_after_vlan(
    const std::string& expression,
    const std::function<void(const Bytes& packet, bool taken)>& look) {
  show_all(expression, true, look);
}

Bytes without_vlan_tags(Bytes packet) {
  constexpr std::size_t kTag = 4;
  constexpr std::ptrdiff_t kTypeAt = 12;
  for (int tags = 0; tags < 2 && packet.size() >= kEthernetHeader + kTag; ++tags) {
    const unsigned type = packet[12] << 8 | packet[13];
    if (type != 0x8100 && type != 0x88a8) break;
    packet.erase(packet.begin() + kTypeAt, packet.begin() + kTypeAt + kTag);
  }
  return packet;
}

}  // namespace xdpcap::test
