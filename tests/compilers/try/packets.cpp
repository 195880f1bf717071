// SPDX-License-Identifier: BSD-3-Clause
#include "compilers/try/packets.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// What BPF_PROG_TEST_RUN takes: an Ethernet header at least, and no more than fits a page.
constexpr std::size_t kShortest = 14;
constexpr std::size_t kLongest = 3000;
constexpr int kOfEachFile = 12;

struct ClosePcap {
  void operator()(pcap_t* file) const { pcap_close(file); }
};

class Collection {
 public:
  // The packet, and its beginnings: a header that is not all there is where bounds matter.
  void add(const std::string& name, const std::vector<std::uint8_t>& bytes) {
    for (const std::size_t length : {bytes.size(), bytes.size() / 2, std::size_t{33},
                                     std::size_t{37}, std::size_t{53}, std::size_t{57}}) {
      if (length > bytes.size() || length < kShortest || length > kLongest) continue;
      const std::vector<std::uint8_t> part(bytes.begin(),
                                           bytes.begin() + static_cast<long>(length));
      if (!known_.insert(part).second) continue;
      packets_.push_back({name + ", " + std::to_string(length) + " bytes", part});
    }
  }

  std::vector<Packet> take() { return std::move(packets_); }

 private:
  std::set<std::vector<std::uint8_t>> known_;
  std::vector<Packet> packets_;
};

void read_file(const std::filesystem::path& path, Collection& packets) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, ClosePcap> file(pcap_open_offline(path.c_str(), error.data()));
  // Some captures are damaged, for tests of readers.
  if (!file || pcap_datalink(file.get()) != DLT_EN10MB) return;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  for (int i = 1; i <= kOfEachFile && pcap_next_ex(file.get(), &header, &data) == 1; i++) {
    packets.add(path.filename().string() + " packet " + std::to_string(i),
                {data, data + header->caplen});
  }
}

}  // namespace

std::vector<Packet> read_packets(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".pcap") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Collection packets;
  for (const auto& file : files) read_file(file, packets);
  std::vector<Packet> all = packets.take();
  if (all.empty()) throw Error("reading packets from " + folder + ": there are none");
  return all;
}

}  // namespace xdpcap
