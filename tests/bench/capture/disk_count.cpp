// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/disk_count.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/mapping.hpp"
#include "base/pcapng_format.hpp"
#include "base/unique_fd.hpp"
#include "bench/capture/packet_count.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
// Up to this size, every packet is read.
constexpr std::uint64_t kSmallFile = 1024 * kMiB;
constexpr std::size_t kSample = kMiB;

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t number{};
  if (offset + sizeof(number) <= bytes.size()) {
    std::memcpy(&number, bytes.data() + offset, sizeof(number));
  }
  return number;
}

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status {};
    if (!fd_.valid() || ::fstat(fd_.get(), &status) != 0) {
      throw system_error("reading " + path.string(), errno);
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
    // Or the kernel would read far more than the few bytes asked for.
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_RANDOM);
  }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Up to `length` bytes, less at the end.
  [[nodiscard]] std::vector<std::byte> read(std::uint64_t offset, std::size_t length) const {
    std::vector<std::byte> bytes(length);
    const ssize_t size = ::pread(fd_.get(), bytes.data(), length, static_cast<off_t>(offset));
    if (size < 0) throw system_error("reading a capture", errno);
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }
  // Of every packet. What it reads leaves the page cache when the file is removed.
  [[nodiscard]] PacketCount count_all() const {
    if (size_ == 0) return {};
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    const Mapping mapping(fd_.get(), size_, PROT_READ, 0, "reading a capture");
    return count_packets({mapping.at(0), size_});
  }

 private:
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

DiskCount count_every_packet(const File& file) {
  const PacketCount count = file.count_all();
  return {.packets = count.packets,
          .sorted = count.sorted,
          .fault = count.complete ? "" : "ends within a packet"};
}

// The size of a record of a pcap file (header and packet), if the first ones have the same.
std::optional<std::size_t> record_size(std::span<const std::byte> begin) {
  constexpr std::size_t kRecordHeader = 16;
  const std::size_t size = kRecordHeader + number_at(begin, 8);
  for (; begin.size() >= size; begin = begin.subspan(size)) {
    if (kRecordHeader + number_at(begin, 8) != size) return std::nullopt;
  }
  return size;
}

// Each record has the same size, so the file's size is their number.
DiskCount count_pcap(const File& file) {
  constexpr std::size_t kFileHeader = 24;
  const std::vector<std::byte> begin = file.read(kFileHeader, kSample);
  const std::optional<std::size_t> record = record_size(begin);
  if (file.size() <= kSmallFile || !record) return count_every_packet(file);
  const std::uint64_t records = file.size() - kFileHeader;
  return {.packets = records / *record,
          .sorted = std::nullopt,
          .fault = records % *record == 0 ? "" : "ends within a packet"};
}

std::uint64_t written_of(std::span<const std::byte> statistics) {
  constexpr std::size_t kOptions = 20;
  constexpr std::size_t kOptionHeader = 4;
  for (std::size_t at = kOptions; at + kOptionHeader <= statistics.size();) {
    const std::uint32_t head = number_at(statistics, at);
    const auto code = static_cast<std::uint16_t>(head);
    if (code == pcapng::option::opt_endofopt) break;
    if (code == pcapng::option::isb_usrdeliv) {
      return number_at(statistics, at + 4) + (std::uint64_t{number_at(statistics, at + 8)} << 32U);
    }
    at += kOptionHeader + (std::size_t{head >> 16U} + 3) / 4 * 4;
  }
  return 0;
}

// Written packets according to the statistics blocks at the end. A block ends with its length.
std::optional<std::uint64_t> reported_written(std::span<const std::byte> end) {
  constexpr std::uint32_t kSmallestBlock = 24;
  std::optional<std::uint64_t> sum;
  while (end.size() >= kSmallestBlock) {
    const std::uint32_t length = number_at(end, end.size() - 4);
    if (length < kSmallestBlock || length > end.size()) break;
    const auto block = end.last(length);
    if (number_at(block, 0) != pcapng::block_type::interface_statistics ||
        number_at(block, 4) != length) {
      break;
    }
    sum = sum.value_or(0) + written_of(block);
    end = end.first(end.size() - length);
  }
  return sum;
}

// Of the first packet.
std::uint32_t packet_block_size(std::span<const std::byte> begin) {
  while (begin.size() >= 12) {
    const std::uint32_t length = number_at(begin, 4);
    if (number_at(begin, 0) == pcapng::block_type::enhanced_packet) return length;
    if (length < 12 || length > begin.size()) break;
    begin = begin.subspan(length);
  }
  return 0;
}

// Besides packets there are headers, statistics and at most 4104 bytes of padding in 4 MiB; and a
// packet after a loss says so, in 12 bytes.
bool size_fits(std::uint64_t size, std::uint64_t packets, std::uint32_t block) {
  constexpr std::uint64_t kPadding = 500;  // one in so many bytes
  const std::uint64_t expected = packets * block;
  return size >= expected && size <= expected + expected / kPadding + kMiB;
}

DiskCount count_pcapng(const File& file) {
  const std::uint64_t tail = std::min<std::uint64_t>(file.size(), kSample);
  const std::optional<std::uint64_t> reported =
      reported_written(file.read(file.size() - tail, static_cast<std::size_t>(tail)));
  if (file.size() <= kSmallFile || !reported) {
    DiskCount count = count_every_packet(file);
    if (reported && *reported != count.packets) {
      count.fault = "its statistics say " + std::to_string(*reported) + " packets";
    }
    return count;
  }
  DiskCount count{.packets = *reported, .sorted = std::nullopt, .fault = {}};
  if (!size_fits(file.size(), count.packets, packet_block_size(file.read(0, kSample)))) {
    count.fault = "its size does not fit its statistics";
  }
  return count;
}

// stenotype writes the blocks of its PACKET_MMAP ring as they are (struct tpacket_block_desc), 1
// MiB each; the number of packets is in the head of each.
std::uint64_t count_blocks(const File& file) {
  constexpr std::size_t kNumPackets = 12;
  std::uint64_t packets = 0;
  for (std::uint64_t at = 0; at < file.size(); at += kMiB) {
    packets += number_at(file.read(at, kNumPackets + 4), kNumPackets);
  }
  return packets;
}

DiskCount count_folder(const std::filesystem::path& folder) {
  DiskCount count;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const bool packets = entry.path().parent_path().filename().string().starts_with("PKT");
    if (entry.is_regular_file() && packets) count.packets += count_blocks(File(entry.path()));
  }
  return count;
}

}  // namespace

DiskCount count_on_disk(const std::filesystem::path& capture) {
  if (std::filesystem::is_directory(capture)) return count_folder(capture);
  const File file(capture);
  const bool pcapng = number_at(file.read(0, 4), 0) == pcapng::block_type::section_header;
  return pcapng ? count_pcapng(file) : count_pcap(file);
}

}  // namespace xdpcap::bench
