// SPDX-License-Identifier: BSD-3-Clause
// Gathers packet blocks into batches for one write each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "recorder/record.h"

namespace xdpcap {

class BlockBuffer {
 public:
  // A batch that stays in the CPU's cache between the copy into it and the write out of it.
  static constexpr std::size_t kBatchBytes = std::size_t{256} * 1024;

  explicit BlockBuffer(std::size_t interfaces);

  // Copies a record's block, its time moved by `clock_offset` ns (which makes a date of the
  // kernel's clock), with an epb_dropcount option if packets were lost before it. False when the
  // buffer is full: nothing was copied. An empty buffer takes any record.
  bool append(const xdpcap_record& record, std::uint64_t clock_offset);
  // Copies a finished block of another kind; false as above.
  bool append(std::span<const std::byte> block);

  [[nodiscard]] std::span<const std::byte> bytes() const { return {memory_.get(), size_}; }
  // How many packets of each interface stand in it.
  [[nodiscard]] std::span<const std::uint64_t> packets() const { return packets_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  void clear();

  // Drops everything behind the last block that ends within the first `bytes` bytes.
  void keep_whole_blocks(std::size_t bytes);

 private:
  std::byte* append_bytes(const void* data, std::size_t size);

  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0;
  std::vector<std::uint64_t> packets_;
};

}  // namespace xdpcap
