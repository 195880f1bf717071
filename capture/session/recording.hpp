// SPDX-License-Identifier: BSD-3-Clause
// What a capture has recorded, on its way from the rings into its files.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "fate/fates.hpp"
#include "output/capture_file.hpp"
#include "output/capture_files.hpp"
#include "output/checkpoint.hpp"
#include "output/pcapng.hpp"
#include "output/statistics.hpp"
#include "output/time_merge.hpp"
#include "ring/control.hpp"
#include "ring/rings.hpp"
#include "session/options.hpp"
#include "source/guarded_sources.hpp"

namespace xdpcap {

// Recording is all that a capture and, once that was killed, its guardian have in common
// (rescue()): what recorders fill, what reads it, and what it is written to.
class Recording {
 public:
  // Opens the output and makes the rings; nothing has changed yet. Throws Error.
  Recording(const Options& options, const Sources& sources, int stop_fd);

  // Notes in the checkpoint how far the files have got.
  void commit();

  // Writes what came before a moment and is certain to be next in time, all that can be certain by
  // now. False when the output takes no more: for the moment (WriteEnd::interrupted; the next call
  // continues there), or at all.
  bool drain(Timeout timeout);
  // Writes all the rest, once no recorder runs any more, into the current file if no other can be
  // made; then what is in the files is final. Returns why no other could be made.
  std::exception_ptr drain_rest(Timeout timeout);

  [[nodiscard]] pcapng::Bytes header() const;
  [[nodiscard]] std::vector<InterfaceStatistics> statistics() const;
  // With what became of the packets (--fate).
  [[nodiscard]] std::vector<InterfaceStatistics> final_statistics() const;
  [[nodiscard]] Moment now() const;

  // By interface ID, which is also the row of the counters.
  [[nodiscard]] const std::vector<CaptureInterface>& interfaces() const { return interfaces_; }
  [[nodiscard]] Checkpoint& checkpoint() { return checkpoint_; }
  [[nodiscard]] CaptureFiles& files() { return files_; }
  [[nodiscard]] const CaptureFiles& files() const { return files_; }
  [[nodiscard]] CaptureFile& file() { return files_.current(); }
  [[nodiscard]] Control& control() { return control_; }
  [[nodiscard]] const Control& control() const { return control_; }
  [[nodiscard]] Rings& rings() { return rings_; }
  [[nodiscard]] const Rings& rings() const { return rings_; }
  [[nodiscard]] std::optional<Fates>& fates() { return fates_; }
  [[nodiscard]] const std::optional<Fates>& fates() const { return fates_; }
  [[nodiscard]] WallClock& clock() { return clock_; }
  // What is missing of the fates; empty when nothing is.
  [[nodiscard]] const std::string& without_fates() const { return without_fates_; }

 private:
  void trace_fates();
  bool drain(std::uint64_t horizon, std::uint64_t settled, Timeout timeout);
  bool rotate();

  const Options& options_;
  std::vector<std::string> sources_;  // their descriptions
  std::vector<CaptureInterface> interfaces_;
  Checkpoint checkpoint_;
  CaptureFiles files_;
  Control control_;
  Rings rings_;
  std::optional<Fates> fates_;
  WallClock clock_;
  TimeMerge<RingCursor> merge_;
  std::string without_fates_;
};

}  // namespace xdpcap
