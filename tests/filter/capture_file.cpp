// SPDX-License-Identifier: BSD-3-Clause
#include "filter/capture_file.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <memory>
#include <ranges>

#include "base/error.hpp"

namespace xdpcap::test {

CaptureFile read_capture(const std::filesystem::path& path) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> pcap(
      pcap_open_offline(path.c_str(), error.data()), &pcap_close);
  if (!pcap) throw Error("reading " + path.string() + ": " + error.data());
  CaptureFile file{{pcap_datalink(pcap.get())}, {}};
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(pcap.get(), &header, &data) == 1) {
    file.packets.emplace_back(data, data + header->caplen);
  }
  return file;
}

std::vector<std::filesystem::path> all_captures() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator("pcaps")) {
    if (entry.path().extension().string().starts_with(".pcap")) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace xdpcap::test
