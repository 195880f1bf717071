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
#include "output/rotation.hpp"
#include "print/printer.hpp"

namespace xdpcap {

class CaptureFile {
 public:
  CaptureFile(Output output, std::size_t interfaces);

  // Empties the output and puts the first blocks in. Throws Error.
  void begin(const pcapng::Bytes& header);

  // Starts the compressor, if the output needs one; before the first flush(). Throws Error.
  void connect() { output_.connect(); }

  // From now on `printer` gets all that is written, too; null: nobody does. It has to outlive this.
  void print_with(Printer* printer) { printer_ = printer; }

  // What is to be in the output: with that, is_full(). Counts all packets, also those in outputs
  // before this one.
  void limit(FileLimits limits);
  // Whether the output and the batch hold what they may.
  [[nodiscard]] bool is_full() const { return limited_ && has_reached_limits(); }

  // Puts a packet's block into the current batch; false when that is full and has to be flushed
  // first. The block has to stay as it is until flush().
  bool append(const xdpcap_block& block) { return batch_.append(block); }
  // The same for a block whose fate becomes a comment (output/batch.hpp).
  bool append(const xdpcap_block& block, std::span<const std::byte> comment) {
    return batch_.append(block, comment);
  }
  // Writes the batch out. False when it could not: see end(). After `interrupted` it can be tried
  // again and goes on where it stopped; after anything else the capture is over.
  bool flush(Timeout timeout);
  // Puts the last blocks in and closes. What is still in the batch and cannot be written is given
  // up: it does not count as written. Throws Error, also when an earlier flush had failed.
  void finish(const std::vector<pcapng::Bytes>& trailer, Timeout timeout);
  // Gives up what cannot be written, so that written() is final. The output ends in a whole block,
  // if it is a file.
  void give_up();

  // Goes on in another output, which has begun and is connected, after finish(), however that
  // ended.
  void go_on_in(Output output, const pcapng::Bytes& header);

  // For a process that goes on where another was killed: puts the output back to its first `size`
  // bytes, which hold `written` packets.
  void go_back(std::uint64_t size, std::span<const std::uint64_t> written);
  // Bytes in the output. Whole blocks after flush() was true.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const Output& output() const { return output_; }
  [[nodiscard]] Output& output() { return output_; }

  [[nodiscard]] WriteEnd end() const { return last_.end; }
  // Packets in the output and those before it, by interface.
  [[nodiscard]] std::span<const std::uint64_t> written() const { return written_; }
  [[nodiscard]] std::uint64_t total_written() const;

 private:
  [[nodiscard]] bool has_reached_limits() const;
  void count_batch();
  void throw_if_failed();

  Output output_;
  Batch batch_;
  pcapng::Bytes header_;
  std::uint64_t size_ = 0;
  std::size_t sent_ = 0;  // bytes of the batch that are out already
  std::vector<std::uint64_t> written_;
  FileLimits limits_;
  bool limited_ = false;
  Printer* printer_ = nullptr;
  WriteResult last_;
};

}  // namespace xdpcap
