// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "read/input.hpp"

struct pcap;

namespace xdpcap {

struct SourcePacket {
  std::span<const std::byte> bytes;   // the captured bytes; valid until the next packet
  std::uint32_t original_length = 0;  // of the packet, which may be longer
  std::uint64_t time = 0;             // ns since 1970
};

// CaptureReader reads a capture file, pcap or pcapng, compressed or not, from its beginning.
class CaptureReader {
 public:
  // Throws Error if it is not readable, not a regular file, or not a capture.
  explicit CaptureReader(const std::string& path);

  // libpcap's number (DLT_*), and its name.
  [[nodiscard]] int link_type() const;
  [[nodiscard]] std::string link_type_name() const;
  // Whether a descriptor refers to the same file.
  [[nodiscard]] bool is_same_file(int fd) const;

  // The next packet, or nothing at the end. Throws Error if the file is corrupt there.
  std::optional<SourcePacket> next();

 private:
  struct Close {
    void operator()(pcap* file) const;
  };

  std::string path_;
  Input input_;
  std::unique_ptr<pcap, Close> file_;
};

}  // namespace xdpcap
