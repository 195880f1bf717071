// SPDX-License-Identifier: BSD-3-Clause
// The files of a capture, one after the other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "output/capture_file.hpp"
#include "output/checkpoint.hpp"
#include "output/file_names.hpp"
#include "output/file_options.hpp"
#include "output/finished_files.hpp"
#include "output/ledger.hpp"
#include "output/pcapng.hpp"
#include "output/statistics.hpp"
#include "print/printer.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

// A moment, by both clocks, in ns.
struct Moment {
  std::uint64_t monotonic = 0;
  std::uint64_t date = 0;  // since 1970
};

// CaptureFiles writes the current file and rotates. At every moment, even when the process is
// killed, each file is valid and lacks only the packets that are still in the rings, and the
// checkpoint has the current one.
class CaptureFiles {
 public:
  // Opens the first file without changing it. `checkpoint` must outlive this. Throws Error.
  CaptureFiles(const FileOptions& options, std::size_t interfaces, Checkpoint& checkpoint,
               int stop_fd);

  [[nodiscard]] CaptureFile& current() { return file_; }
  [[nodiscard]] const CaptureFile& current() const { return file_; }
  [[nodiscard]] const std::string& path() const { return file_.output().name(); }
  // The number of files begun so far.
  [[nodiscard]] std::uint64_t count() const { return number_ + 1; }
  // Bytes in all of them, before compression.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_before_ + file_.size(); }

  // Starts the capture: truncates the file, queues its header, and starts the time limits.
  void begin(pcapng::Bytes header, Moment now);
  // After begin(), before the first write: starts the programs that compress and print, as this
  // process's current user. Throws Error.
  void connect();
  // Notes in the checkpoint that all packets before the cursors are in the file, except those not
  // selected.
  void commit(std::span<const RingCursor> cursors, std::span<const std::uint64_t> left_out);

  // Whether the file is full, its time is over, or the reader of the printed packets is gone: then
  // turn() must be called, after everything pending has been written.
  [[nodiscard]] bool is_due(std::uint64_t now) const {
    return now >= due_at() || file_.is_full() || printing_has_ended() || (failure_ && !ending_);
  }
  // Whether the time of the whole capture is over (--duration).
  [[nodiscard]] bool time_is_over(std::uint64_t now) const { return now >= end_at_; }
  // When it is due at the latest (CLOCK_MONOTONIC in ns).
  [[nodiscard]] std::uint64_t due_at() const { return std::min(turn_at_, end_at_); }
  // Rotates: completes the file and begins the next one. False: the capture is over. commit() must
  // follow. If the next file cannot be created, the capture is over, everything still to be
  // written, also after stop_clocks(), goes into the current file, and check() throws the reason.
  // end_previous() must be called before, as the totals depend on it.
  bool turn(const std::vector<InterfaceStatistics>& totals, Moment now);
  // Whether it is over because a limit has been reached: nothing more is to be written.
  [[nodiscard]] bool limit_reached() const { return limit_reached_; }

  // To be called some times a second, and whenever no packets arrive: what has been written gets to
  // the file even if little follows.
  void settle() { file_.settle(); }
  // After turn(), the file before may still be written.
  [[nodiscard]] bool previous_has_ended() {
    return file_.has_previous() && file_.previous_has_ended();
  }
  // Waits until it is complete. What it could not hold does not count as written any more. commit()
  // must follow.
  void end_previous();

  // When the capture ends: disables the time limits. turn() then only returns whether anything more
  // is to be written.
  void stop_clocks();
  // Stops rotating: everything goes into the current file.
  void stay();
  // In another process: resumes from the checkpoint. Throws Error.
  void resume();

  // Completes the last file. Throws Error.
  void finish(const std::vector<InterfaceStatistics>& totals, std::uint64_t date, Timeout timeout);
  // Reports on completed files: a line for each failure since the last call.
  std::vector<std::string> look() { return finished_.look(); }
  // Waits until all packets are printed, or `stop_fd` becomes readable; reports as above.
  std::vector<std::string> wait_for_printer(int stop_fd);
  // Waits for all compressors and commands, or until `stop_fd` becomes readable; reports as above.
  std::vector<std::string> wait(int stop_fd) { return finished_.wait(stop_fd); }
  // Throws Error if a file is missing or incomplete, or if printing failed and there is no file.
  void check() const;

 private:
  void set_limits();
  [[nodiscard]] bool printing_has_ended() const;
  [[nodiscard]] Output output_of(std::uint64_t number) const;
  void complete(const std::vector<InterfaceStatistics>& totals, std::uint64_t date, bool last,
                Timeout timeout);
  void note_failure();
  void complete_previous();
  void end_previous(const CaptureFile::Ended& ended);
  void publish();
  void open_next(FileNames::Turn turn, const std::vector<InterfaceStatistics>& totals, Moment now);
  void remove_unfinished(std::uint64_t number) const;

  const CaptureLimits& limits_;
  Checkpoint& checkpoint_;
  FileNames names_;
  std::optional<Printer> printer_;
  CaptureFile file_;
  Ledger ledger_;
  FinishedFiles finished_;
  pcapng::Bytes header_;
  std::uint64_t number_ = 0;
  std::uint64_t start_date_ = 0;
  std::uint64_t bytes_before_ = 0;
  std::uint64_t turn_at_ = kUnlimited;
  std::uint64_t end_at_ = kUnlimited;
  bool limit_reached_ = false;
  std::optional<PrintStyle> print_style_;
  bool ends_with_printing_ = false;
  std::string print_failure_;
  bool ending_ = false;
  std::exception_ptr failure_;  // of turn()
};

}  // namespace xdpcap
