// SPDX-License-Identifier: BSD-3-Clause
// The input is a capture file for --replay. It is read to its end or refused with an Error, and
// libpcap reads replay's output back unchanged.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "filter/expression.hpp"
#include "filter/packet_filter.hpp"
#include "output/file_header.hpp"
#include "output/pcapng.hpp"
#include "print/packet_notes.hpp"
#include "replay/capture_reader.hpp"

namespace {

using namespace xdpcap;

constexpr int kEthernet = 1;
constexpr std::uint32_t kAction = 2;
constexpr std::uint32_t kSnaplen = 262144;

class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : fd_(::memfd_create("capture", 0)) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (std::cmp_not_equal(count, bytes.size())) std::abort();
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

struct Packet {
  std::vector<std::byte> bytes;
  std::uint32_t original_length;
  std::uint64_t time;
  friend bool operator==(const Packet&, const Packet&) = default;
};

// All packets before the first corrupt block.
std::vector<Packet> read(CaptureReader& source) {
  std::vector<Packet> packets;
  try {
    while (const auto packet = source.next()) {
      packets.push_back(
          {{packet->bytes.begin(), packet->bytes.end()}, packet->original_length, packet->time});
    }
  } catch (const Error&) {
    return packets;
  }
  return packets;
}

void filter(const std::vector<Packet>& packets) {
  static const CbpfProgram plain = compile_filter("udp port 53 or ip6 protochain 6", {kEthernet});
  static const CbpfProgram at_offsets = compile_filter("icmp or ip[2:2] > len", kRawIp);
  constexpr std::array<std::uint32_t, 3> kOffsets = {14, 34, 65535};
  for (const Packet& packet : packets) {
    (void)filter_takes(plain, {}, packet.bytes);
    (void)filter_takes(at_offsets, kOffsets, packet.bytes);
  }
}

pcapng::Bytes write(const std::vector<Packet>& packets) {
  pcapng::Bytes file = file_header(FileDescription{.interfaces = {{"XDPpass", "replay"}},
                                                   .filter = "udp",
                                                   .link_type = kEthernet,
                                                   .snaplen = kSnaplen});
  for (const Packet& packet : packets) {
    const pcapng::Bytes block = pcapng::enhanced_packet({.interface_id = 0,
                                                         .time = packet.time,
                                                         .bytes = packet.bytes,
                                                         .original_length = packet.original_length,
                                                         .id = packets.size(),
                                                         .verdict = kAction});
    file.insert(file.end(), block.begin(), block.end());
  }
  return file;
}

// How many lines --print finds an action for, in pieces as a pipe hands them on.
std::size_t count_actions(std::span<const std::byte> file) {
  PacketNotes notes;
  for (constexpr std::size_t kPiece = 61; !file.empty();) {
    const std::size_t count = std::min(file.size(), kPiece);
    notes.read(file.first(count));
    (void)notes.take_blocks(true);
    file = file.subspan(count);
  }
  std::size_t count = 0;
  for (auto note = notes.take(); note && note->action == "pass"; note = notes.take()) ++count;
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  (void)count_actions(input);
  const MemoryFile file(input);
  try {
    CaptureReader source(file.path());
    (void)source.link_type_name();
    if (source.link_type() != kEthernet) return 0;  // refused, or said to be Ethernet
    const std::vector<Packet> packets = read(source);
    filter(packets);
    const pcapng::Bytes written = write(packets);
    const MemoryFile again(written);
    CaptureReader reader(again.path());
    if (read(reader) != packets || count_actions(written) != packets.size()) std::abort();
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
