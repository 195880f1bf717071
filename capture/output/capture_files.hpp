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

// CaptureFiles writes the current file, and knows when and where to go on. At every moment, also
// that of a kill, each file is whole but for the rings' last packets, and the checkpoint says which
// is the current one.
class CaptureFiles {
 public:
  // Opens the first file and changes nothing yet. `checkpoint` has to outlive it. Throws Error.
  CaptureFiles(const FileOptions& options, std::size_t interfaces, Checkpoint& checkpoint,
               int stop_fd);

  [[nodiscard]] CaptureFile& current() { return file_; }
  [[nodiscard]] const CaptureFile& current() const { return file_; }
  [[nodiscard]] const std::string& path() const { return file_.output().name(); }
  // So many have been begun.
  [[nodiscard]] std::uint64_t count() const { return number_ + 1; }
  // Bytes in all of them, before compression.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_before_ + file_.size(); }

  // The capture begins: empties the file, puts the first blocks in, starts the clocks.
  void begin(pcapng::Bytes header, Moment now);
  // Behind that, and before anything is written: starts the programs that compress and print, as
  // whoever this process is by now. Throws Error.
  void connect();
  // Notes in the checkpoint that all the cursors have passed is in the file, but for packets that
  // were left out.
  void commit(std::span<const RingCursor> cursors, std::span<const std::uint64_t> left_out);

  // Whether the file is full or its time is over: turn() has to be called, with nothing pending.
  // Also when nobody reads what is printed any more.
  [[nodiscard]] bool is_due(std::uint64_t now) const {
    return now >= due_at() || file_.is_full() || printing_is_over();
  }
  // When it is in any case (CLOCK_MONOTONIC in ns).
  [[nodiscard]] std::uint64_t due_at() const { return std::min(turn_at_, end_at_); }
  // Completes the file and begins the next one; false: the capture is over. commit() has to follow.
  // Where there can be no next file the capture is over, and all that is still to be written, now
  // and after stop_clocks(), goes into the current one; check() says why.
  bool turn(const std::vector<InterfaceStatistics>& totals, Moment now);
  // Whether it is over because what was asked for is in the files: no more is to be written.
  [[nodiscard]] bool limit_reached() const { return limit_reached_; }

  // The capture ends: no file ends because of the time any more, and what turn() says is only
  // whether there is anything more to be written.
  void stop_clocks();
  // From now on everything that is to be written goes into the current file.
  void stay();
  // In another process: goes on where the checkpoint says. Throws Error.
  void resume();

  // Completes the last file. Throws Error.
  void finish(const std::vector<InterfaceStatistics>& totals, std::uint64_t date, Timeout timeout);
  // What has become of files that were completed: a line for each piece of news.
  std::vector<std::string> look() { return finished_.look(); }
  // Waits until all packets are printed, or `stop_fd` becomes readable; news as above.
  std::vector<std::string> wait_for_printer(int stop_fd);
  // Waits until nobody is at work on files any more, or `stop_fd` becomes readable; news as above.
  std::vector<std::string> wait(int stop_fd) { return finished_.wait(stop_fd); }
  // Throws Error if not all files are there and whole, or nothing else was to be done than what
  // failed.
  void check() const;

 private:
  void set_limits();
  [[nodiscard]] bool printing_is_over() const;
  void complete(const std::vector<InterfaceStatistics>& totals, std::uint64_t date, bool last,
                Timeout timeout);
  void note_failure();
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
  bool prints_;
  bool ends_with_printing_ = false;
  std::string print_failure_;
  bool ending_ = false;
  std::exception_ptr failure_;  // of turn()
};

}  // namespace xdpcap
