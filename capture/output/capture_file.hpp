// SPDX-License-Identifier: BSD-3-Clause
// Writes the capture to its output, with an exact count of the packets written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "output/batch.hpp"
#include "output/disk_writer.hpp"
#include "output/output.hpp"
#include "output/pcapng.hpp"
#include "output/rotation.hpp"
#include "print/printer.hpp"

namespace xdpcap {

// BatchTaker takes batches in place of the output.
class BatchTaker {
 public:
  BatchTaker() = default;
  BatchTaker(const BatchTaker&) = delete;
  BatchTaker& operator=(const BatchTaker&) = delete;
  BatchTaker(BatchTaker&&) = delete;
  BatchTaker& operator=(BatchTaker&&) = delete;
  virtual void take(const Batch& batch) = 0;

 protected:
  ~BatchTaker() = default;
};

class CaptureFile {
 public:
  CaptureFile(Output output, std::size_t interfaces);

  // Truncates the output and writes the first blocks. Throws Error.
  void begin(const pcapng::Bytes& header);

  // Starts the compressor, if the output needs one; before the first flush(). Throws Error.
  void connect() { output_.connect(); }

  // From now on everything that is written is passed to `printer`, too, which must outlive this;
  // null: to none.
  void print_with(Printer* printer) { printer_ = printer; }

  // From now on batches go to `taker`, which must outlive this, and none to the output.
  void give_to(BatchTaker* taker) { taker_ = taker; }

  // Sets the limits for is_full(). They count all packets, including those in earlier outputs.
  void limit(FileLimits limits);
  // Whether the output and the batch together have reached a limit.
  [[nodiscard]] bool is_full() const { return limited_ && has_reached_limits(); }

  // Appends a packet's block to the current batch; false if that is full and has to be flushed
  // first. The block must not change until flush().
  bool append(const xdpcap_block& block) { return batch_.append(block); }
  // The same for a block whose reason and fate become comments (output/batch.hpp).
  bool append(const xdpcap_block& block, const Comments& comments) {
    return batch_.append(block, comments);
  }
  // Writes the batch. Returns false on failure: see end(). After `interrupted` a retry resumes
  // where it stopped; after anything else the capture is over.
  bool flush(Timeout timeout);
  // To be called some times a second, and whenever no packets arrive: what has been flushed gets
  // to the file even if little follows.
  void settle() {
    if (disk_ && last_.end == WriteEnd::done) disk_->settle();
  }
  // Waits until what has been flushed is in the file. Returns false on failure: see end().
  bool sync();
  // The same, and for the output before, but not much longer than until `interrupt_fd` becomes
  // readable: false. Failures are not reported here.
  bool wait_for_disk(int interrupt_fd);
  // Writes the last blocks and closes. Blocks of the batch that cannot be written do not count as
  // written. Throws Error, also if an earlier flush failed. False if it was interrupted while it
  // waited for a disk: then the file is not complete.
  bool finish(const std::vector<pcapng::Bytes>& trailer, Timeout timeout);
  // Discards what cannot be written, so that written() is final. If the output is a file, it then
  // ends in a whole block.
  void give_up();

  // Instead of finish(), does not wait until the last blocks are on the disk: continue_in() and
  // end_previous() must follow. Returns false if that is impossible, or has failed.
  bool retire(const std::vector<pcapng::Bytes>& trailer);

  // Continues in another output, on which begin() and connect() were called; after finish(), even
  // if that failed, or retire().
  void continue_in(Output output, const pcapng::Bytes& header);

  // The output that was retired last, until end_previous().
  [[nodiscard]] bool has_previous() const { return previous_.has_value(); }
  // Whether end_previous() need not wait: it is complete, and this one has its header; or it
  // failed.
  [[nodiscard]] bool previous_has_ended();
  struct Ended {
    std::string name;
    std::exception_ptr failure;
    // Packets that were given to it, and are not in it after a failure, by interface.
    std::vector<std::uint64_t> missing;
  };
  // Waits until it is complete and this one has its header.
  Ended end_previous();
  // Waits until it is complete, or has failed. False if `timeout` came first.
  bool wait_for_previous(Timeout timeout) {
    return !previous_ || disk_->wait_for_previous(timeout);
  }
  // Whether the header is in the file.
  [[nodiscard]] bool has_header() const;

  // For a process that resumes after another was killed. This output is the one with this number;
  // it has `size` bytes, and with all earlier outputs `written` packets.
  void restore(std::uint64_t number, std::uint64_t size, std::span<const std::uint64_t> written);
  // Completes the output before this one, which the other process had retired. Throws Error.
  Ended complete_previous(Output output);
  // Writes what the other process had flushed to this output, and truncates it to its size. Throws
  // Error.
  void go_back();
  // Bytes flushed to the output. Whole blocks after flush() was true.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const Output& output() const { return output_; }
  [[nodiscard]] Output& output() { return output_; }

  // The size of the memory in which packets wait for the disk; 0: none is needed.
  [[nodiscard]] std::size_t buffer_bytes() const { return disk_ ? disk_->buffer_bytes() : 0; }

  [[nodiscard]] WriteEnd end() const { return last_.end; }
  // Packets in this output and all earlier ones, by interface.
  [[nodiscard]] std::span<const std::uint64_t> written() const { return written_; }
  [[nodiscard]] std::uint64_t total_written() const;

 private:
  [[nodiscard]] bool has_reached_limits() const;
  void begin_output(const pcapng::Bytes& header, Output::Contents before);
  void count_batch();
  // What an output cannot hold after a failure: removes it from written().
  struct Kept {
    std::uint64_t end;  // in the file
    std::vector<std::uint64_t> missing;
    int error = 0;
  };
  Kept keep_whole_blocks(const DiskWriter::Rest& rest);
  Kept write_rest(DiskWriter::Rest rest, const Output& output);

  struct Previous {
    Output output;
    std::vector<std::uint64_t> missing{};
    int error = 0;
  };
  [[nodiscard]] bool previous_has_failed();
  void give_up_previous();
  static Ended close(Previous previous);
  void throw_if_failed();

  Output output_;
  bool retired_ = false;  // the output
  std::optional<Previous> previous_;
  std::unique_ptr<DiskWriter> disk_;  // none: written by this thread
  std::uint64_t number_ = 0;
  Batch batch_;
  pcapng::Bytes header_;
  std::uint64_t size_ = 0;
  std::size_t sent_ = 0;  // bytes of the batch that are written already
  std::vector<std::uint64_t> written_;
  FileLimits limits_;
  bool limited_ = false;
  Printer* printer_ = nullptr;
  BatchTaker* taker_ = nullptr;
  WriteResult last_;
};

}  // namespace xdpcap
