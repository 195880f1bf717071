// SPDX-License-Identifier: BSD-3-Clause
// The capture as it goes out, with an exact count of the packets that are in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "output/batch.hpp"
#include "output/output.hpp"
#include "output/pcapng.hpp"

namespace xdpcap {

class CaptureFile {
 public:
  CaptureFile(Output output, std::size_t interfaces);

  // Empties the output and puts the first blocks in. Throws Error.
  void begin(const pcapng::Bytes& header);

  // Puts a packet's block into the current batch; false when that is full and has to be flushed
  // first. The block has to stay as it is until pending() is false.
  bool append(const xdpcap_block& block) { return batch_.append(block); }
  // Whether there are blocks that are not written.
  [[nodiscard]] bool pending() const { return !batch_.empty(); }
  // Writes the batch out. False when it could not: see end(). After `interrupted` it can be tried
  // again and goes on where it stopped; after anything else the capture is over.
  bool flush(Patience patience);
  // Puts the last blocks in and closes. What is still in the batch and cannot be written is given
  // up: it does not count as written. Throws Error, also when an earlier flush had failed.
  void finish(const std::vector<pcapng::Bytes>& trailer, Patience patience);
  // Gives up what cannot be written, so that written() is final. The output ends in a whole block,
  // if it is a file.
  void give_up();

  // For a process that goes on where another was killed: puts the output back to its first `size`
  // bytes, which hold `written` packets.
  void go_back(std::uint64_t size, std::span<const std::uint64_t> written);
  // Bytes in the output. Whole blocks after flush() was true.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const Output& output() const { return output_; }

  [[nodiscard]] WriteEnd end() const { return last_.end; }
  // Packets in the output, by interface.
  [[nodiscard]] std::span<const std::uint64_t> written() const { return written_; }

 private:
  void count_batch();
  void throw_if_failed() const;

  Output output_;
  Batch batch_;
  pcapng::Bytes header_;
  std::uint64_t size_ = 0;
  std::size_t sent_ = 0;  // bytes of the batch that are out already
  std::vector<std::uint64_t> written_;
  WriteResult last_;
};

}  // namespace xdpcap
