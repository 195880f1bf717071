// SPDX-License-Identifier: BSD-3-Clause
// Moves the recorded packets from the rings into the files.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "fate/fates.hpp"
#include "output/capture_file.hpp"
#include "output/capture_files.hpp"
#include "output/checkpoint.hpp"
#include "output/file_header.hpp"
#include "output/flight_recorder.hpp"
#include "output/pcapng.hpp"
#include "output/statistics.hpp"
#include "output/time_merge.hpp"
#include "reason/reasons.hpp"
#include "ring/control.hpp"
#include "ring/rings.hpp"
#include "session/options.hpp"
#include "source/guarded_sources.hpp"

namespace xdpcap {

// Recording has everything that the guardian needs to complete a capture that was killed
// (rescue()): the rings and counters that recorders fill, their readers, and the files.
class Recording {
 public:
  // Opens the output and creates the rings, but changes no file yet. Throws Error.
  Recording(const Options& options, const Sources& sources, int stop_fd);

  // Stores the progress of the files in the checkpoint.
  void commit();

  // Writes all packets whose order in time is already certain. False if the output accepts no more:
  // at the moment (WriteEnd::interrupted; the next call continues there), or at all.
  bool drain(Timeout timeout);
  // Writes the rest, once no recorder runs any more. If a new file cannot be created, continues in
  // the current one and returns the error.
  std::exception_ptr drain_rest(Timeout timeout);
  // After it: the contents of the files are final.
  void end_rest(int stop_fd);

  // `comment`: on the file; empty: none.
  [[nodiscard]] pcapng::Bytes header(std::string comment = {}) const;
  [[nodiscard]] std::vector<InterfaceStatistics> statistics() const;
  // With the tables of reasons and fates.
  [[nodiscard]] std::vector<InterfaceStatistics> final_statistics() const;
  [[nodiscard]] Moment now() const;

  // By interface ID, which is also the row of the counters.
  [[nodiscard]] const std::vector<CaptureInterface>& interfaces() const { return interfaces_; }
  // What has changed: a comment for the next packet that is not older than `time` (CLOCK_MONOTONIC
  // in ns).
  struct Note {
    std::uint64_t time;
    std::string text;
  };
  // `new_notes` is called before packets are taken from the rings, once it is certain up to which
  // time, and returns what has changed since, in order. Only if takes_notes(), and not in the
  // guardian.
  void note_from(std::function<std::vector<Note>()> new_notes) {
    new_notes_ = std::move(new_notes);
  }
  [[nodiscard]] bool takes_notes() const { return options_.toolbar.has_value(); }
  [[nodiscard]] Checkpoint& checkpoint() { return checkpoint_; }
  [[nodiscard]] CaptureFiles& files() { return files_; }
  [[nodiscard]] const CaptureFiles& files() const { return files_; }
  [[nodiscard]] CaptureFile& file() { return files_.current(); }
  // With --last: it writes the files, and files() has none.
  [[nodiscard]] std::optional<FlightRecorder>& flight() { return flight_; }
  [[nodiscard]] const std::optional<FlightRecorder>& flight() const { return flight_; }
  // In the guardian: has what the capture had at the checkpoint.
  void resume();
  // When something has to be done even if no packets arrive (CLOCK_MONOTONIC in ns).
  [[nodiscard]] std::uint64_t due_at() const;
  [[nodiscard]] Control& control() { return control_; }
  [[nodiscard]] const Control& control() const { return control_; }
  [[nodiscard]] Rings& rings() { return rings_; }
  [[nodiscard]] const Rings& rings() const { return rings_; }
  [[nodiscard]] std::optional<Fates>& fates() { return fates_; }
  [[nodiscard]] const std::optional<Fates>& fates() const { return fates_; }
  // Nothing if no program has reasons.
  [[nodiscard]] const std::optional<Reasons>& reasons() const { return reasons_; }
  // Whether recorders know these reasons, of programs that a source has got during the capture.
  // `before_recorders`: its next ones will read them, if they are those of former programs.
  bool take_reasons(std::size_t source, std::vector<ProgramReasons> found, bool before_recorders) {
    if (!reasons_) return false;
    return before_recorders ? reasons_->replace(source, std::move(found))
                            : reasons_->are_read(source, found);
  }
  // The bytes that each interface's blocks have for fates and reasons in the rings.
  [[nodiscard]] std::vector<std::uint32_t> replaced_bytes() const;
  [[nodiscard]] WallClock& clock() { return clock_; }
  // "buffers 32 MiB on 2 CPUs, 336 MiB for the disk".
  [[nodiscard]] std::string buffers() const;
  // Why fates are missing or incomplete; empty if they are not.
  [[nodiscard]] const std::string& fate_warning() const { return fate_warning_; }

 private:
  void trace_fates();
  void take_notes();
  bool append(RingCursor& cursor, CaptureFile& file);
  [[nodiscard]] bool takes_note(const xdpcap_block& block) const {
    return !notes_.empty() && time_of(block) >= notes_.front().time;
  }
  [[nodiscard]] Comments comments_of(const xdpcap_block& block);
  bool append_commented(RingCursor& cursor, CaptureFile& file, const Comments& comments);
  void follow_stack();
  [[nodiscard]] std::uint64_t horizon() const;
  bool drain(std::uint64_t horizon, std::uint64_t settled, Timeout timeout);
  bool write_batch(Timeout timeout);
  bool rotate(Timeout timeout);
  bool write_flight(std::uint64_t settled);
  void begin_flight_file(bool last);
  void end_flight(int stop_fd);

  const Options& options_;
  std::vector<CaptureDescription::Source> sources_;  // their descriptions
  std::vector<CaptureInterface> interfaces_;
  std::optional<Reasons> reasons_;
  Checkpoint checkpoint_;
  FileOptions file_options_;
  CaptureFiles files_;
  Control control_;
  Rings rings_;
  std::optional<Fates> fates_;
  std::optional<FlightRecorder> flight_;
  WallClock clock_;
  TimeMerge<RingCursor> merge_;
  std::string fate_warning_;
  std::function<std::vector<Note>()> new_notes_;
  std::deque<Note> notes_;  // for which there was no packet yet
  // The comments of notes, each with those that follow it in the same block. A batch refers to them
  // until it is written; there is one for each change that a user makes, so all are kept.
  std::deque<pcapng::Bytes> note_options_;
};

}  // namespace xdpcap
