// SPDX-License-Identifier: BSD-3-Clause
// Reads capture files block by block: pcapng and pcap, in both byte orders.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "read/byte_window.hpp"
#include "read/file_block.hpp"

namespace xdpcap {

// A format. What it reads is valid until the next call.
class BlockReader {
 public:
  BlockReader() = default;
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;
  BlockReader(BlockReader&&) = delete;
  BlockReader& operator=(BlockReader&&) = delete;
  virtual ~BlockReader() = default;

  // The next block, or nothing at the end. Throws Error if the file is truncated or corrupt there.
  virtual std::optional<FileBlock> next() = 0;
  // Those of the current section, so far.
  [[nodiscard]] const std::vector<FileInterface>& interfaces() const { return interfaces_; }

 protected:
  std::vector<FileInterface> interfaces_;
};

// CaptureStream is a capture file of either format. (libpcap reads pcapng without comments,
// verdicts and names of interfaces.)
class CaptureStream {
 public:
  // Throws Error if it is empty or not a capture.
  explicit CaptureStream(ByteWindow::Read read);

  std::optional<FileBlock> next() { return reader_->next(); }
  [[nodiscard]] const std::vector<FileInterface>& interfaces() const {
    return reader_->interfaces();
  }

 private:
  ByteWindow window_;
  std::unique_ptr<BlockReader> reader_;
};

// The link type (LINKTYPE_*) of the first interface of a file. Throws Error if there is none.
std::uint16_t first_link_type(const std::string& path);

}  // namespace xdpcap
