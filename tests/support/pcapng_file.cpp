// SPDX-License-Identifier: BSD-3-Clause
#include "support/pcapng_file.hpp"

#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::test {
namespace {

template <class Number>
Number read_at(const std::string& bytes, std::size_t at) {
  Number number{};
  if (at + sizeof(number) > bytes.size()) throw Error("the file ends in the middle of a block");
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

PcapngFile::Statistics read_statistics(const std::string& bytes, std::size_t block,
                                       std::size_t end) {
  PcapngFile::Statistics statistics;
  for (std::size_t at = block + 20; at < end;) {
    const auto code = read_at<std::uint16_t>(bytes, at);
    const auto length = read_at<std::uint16_t>(bytes, at + 2);
    if (code == 0) break;
    if (length == 8) {
      const auto value = read_at<std::uint64_t>(bytes, at + 4);
      if (code == 4) statistics.received = value;
      if (code == 5) statistics.dropped = value;
      if (code == 6) statistics.accepted = value;
      if (code == 8) statistics.delivered = value;
    }
    at += 4 + (length + 3U) / 4 * 4;
  }
  return statistics;
}

}  // namespace

PcapngFile::Statistics PcapngFile::total() const {
  Statistics sum;
  for (const Statistics& one : statistics) {
    sum.received += one.received;
    sum.dropped += one.dropped;
    sum.accepted += one.accepted;
    sum.delivered += one.delivered;
  }
  return sum;
}

PcapngFile read_pcapng(const std::string& path) {
  const std::string bytes = read_file(path);
  PcapngFile file;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto type = read_at<std::uint32_t>(bytes, at);
    const auto length = read_at<std::uint32_t>(bytes, at + 4);
    if (length < 12 || read_at<std::uint32_t>(bytes, at + length - 4) != length) {
      throw Error("a block has two lengths");
    }
    if (type == 6) ++file.packets;
    if (type == 5) file.statistics.push_back(read_statistics(bytes, at, at + length - 4));
    at += length;
  }
  return file;
}

std::optional<PcapngFile> read_growing_pcapng(const std::string& path) {
  try {
    return read_pcapng(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace xdpcap::test
