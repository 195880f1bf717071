// SPDX-License-Identifier: BSD-3-Clause
// Keeps the newest packets in memory, and writes them to a file when something happens (--last).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "output/batch.hpp"
#include "output/capture_file.hpp"
#include "output/capture_files.hpp"
#include "output/checkpoint.hpp"
#include "output/file_options.hpp"
#include "output/finished_files.hpp"
#include "output/flight_names.hpp"
#include "output/flight_trigger.hpp"
#include "output/flight_writer.hpp"
#include "output/ledger.hpp"
#include "output/output.hpp"
#include "output/packet_memory.hpp"
#include "output/pcapng.hpp"
#include "output/statistics.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

// FlightRecorder is given each batch of packets. After a trigger, once its file is due, it takes
// out what it has, and writes that in another thread, while it keeps newer packets. So each packet
// is in one file at most. A trigger that comes while a file is written is served when that is
// complete.
class FlightRecorder final : public BatchTaker {
 public:
  // Checks that files can be created, but creates none. `options` and `checkpoint` must outlive
  // this. Throws Error.
  FlightRecorder(const FileOptions& options, const std::vector<CaptureInterface>& interfaces,
                 Checkpoint& checkpoint, int stop_fd);

  void begin(Moment now) { start_date_ = now.date; }
  // The date of packets is CLOCK_MONOTONIC plus this from now on.
  void set_clock_offset(std::uint64_t offset) { memory_.set_clock_offset(offset); }
  void take(const Batch& batch) override;
  [[nodiscard]] FlightTrigger& trigger() { return trigger_; }
  // Notes in the checkpoint that all packets before the cursors are here, except those not selected
  // (`left_out`). Drops what is not needed any more.
  void commit(std::span<const RingCursor> cursors, std::span<const std::uint64_t> left_out,
              Moment now);

  // When something is to be done (CLOCK_MONOTONIC in ns).
  [[nodiscard]] std::uint64_t due_at(std::uint64_t now) const;
  // Whether a file is to be begun when everything until `until` is here.
  [[nodiscard]] bool is_due(std::uint64_t until) const {
    return !writing_ && trigger_.due_at() < until;
  }
  // The file for the trigger, in this order: takes packets out of memory, if there are any; says
  // what the file is to say of itself; writes it. `totals` are the counts in between, and final if
  // this is the `last` file. commit() must follow.
  [[nodiscard]] bool take_out(Moment now);
  [[nodiscard]] std::string comment() const;
  void write(std::vector<InterfaceStatistics> totals, pcapng::Bytes header, Moment now, bool last);
  // Notices that a file is written: commit() must follow.
  [[nodiscard]] bool look_at_writer();
  // The same, but waits for it, until `stop_fd` becomes readable.
  void wait_for_writer(int stop_fd);
  // Whether as many packets or files as were asked for are written.
  [[nodiscard]] bool limit_reached() const;
  // Drops what is in memory.
  void discard();

  // In the guardian: has what the capture had at the checkpoint; `left_out` of it by this.
  void resume(std::span<const std::uint64_t> left_out);

  // By interface: packets in files; dropped from memory; in memory or being written.
  [[nodiscard]] std::span<const std::uint64_t> written() const { return written_; }
  [[nodiscard]] std::span<const std::uint64_t> left_out() const { return memory_.dropped(); }
  [[nodiscard]] std::uint64_t kept(std::size_t interface) const {
    return memory_.packets_of(interface);
  }
  // The last file, or the next one.
  [[nodiscard]] const std::string& path() const { return names_.current(); }
  [[nodiscard]] std::uint64_t count() const { return number_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // Descriptors that the guardian needs.
  [[nodiscard]] std::vector<int> descriptors() const { return place_.descriptors(); }
  // "keeps the packets of the last 60 s, at most 2.0 GiB, ..."
  [[nodiscard]] std::string introduction() const;

  // Lines since the last call: for each file, and for each failure.
  std::vector<std::string> look();
  // Waits for compressors and commands, or until `stop_fd` becomes readable; reports as above.
  std::vector<std::string> wait(int stop_fd);
  // Throws Error if a file is missing or incomplete.
  void check() const;

 private:
  [[nodiscard]] std::uint64_t oldest(std::uint64_t now) const;
  [[nodiscard]] std::string next_name(Moment now);
  void note(PacketMemory::Dropped dropped);
  void finish_file(WrittenFile file);
  [[nodiscard]] std::string account(const WrittenFile& file) const;

  const FileOptions& options_;
  const FlightOptions& flight_;
  std::uint64_t memory_bytes_;
  Checkpoint& checkpoint_;
  FlightNames names_;
  Output place_;
  FlightTrigger trigger_;
  PacketMemory memory_;
  FlightWriter writer_;
  Ledger ledger_;
  FinishedFiles finished_;

  // The file that is being written.
  bool writing_ = false;
  FlightTrigger::Event event_;
  PacketMemory::Taken taken_;
  std::uint64_t taken_date_ = 0;

  std::uint64_t start_date_ = 0;  // of the next file's account
  std::uint64_t number_ = 0;      // files written
  std::uint64_t bytes_ = 0;       // in them
  bool in_guardian_ = false;
  // By interface.
  std::vector<std::uint64_t> handed_over_;  // to the writer
  std::vector<std::uint64_t> written_;
  std::vector<std::uint64_t> left_out_;
  std::vector<std::uint64_t> reported_;  // the ledger's state after the last file

  bool noted_surplus_ = false;
  bool noted_scarce_ = false;
  std::vector<std::string> news_;
  std::exception_ptr failure_;  // the first
};

}  // namespace xdpcap
