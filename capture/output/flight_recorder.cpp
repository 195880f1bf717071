// SPDX-License-Identifier: BSD-3-Clause
#include "output/flight_recorder.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "process/cpus.hpp"
#include "process/memory_limit.hpp"

namespace xdpcap {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
// While a file is written, how often to look whether it is complete.
constexpr std::uint64_t kLookEvery = 20'000'000;

std::uint64_t sum(std::span<const std::uint64_t> numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}

void add(std::vector<std::uint64_t>& sums, std::span<const std::uint64_t> numbers) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += numbers[i];
}

std::string time_text(std::uint64_t nanoseconds) {
  return with_unit(static_cast<double>(nanoseconds) / static_cast<double>(kSecond), "s");
}

// A quarter of the memory unless the user has said how much; no more than half of it.
std::uint64_t bytes_to_keep(const FlightOptions& flight, std::uint64_t memory) {
  const std::uint64_t bytes = flight.bytes != 0 ? flight.bytes : memory / 4;
  if (bytes <= memory && PacketMemory::total_bytes(bytes) <= memory / 2) return bytes;
  throw UsageError("--last: " + size_text(bytes) + " of packets are too much for " +
                       size_text(memory) + " of memory",
                   "keep at most " + size_text(memory * 2 / 5));
}

// A file that is never named: it shows that files can be created, and holds their folder open.
Output open_place(const FileOptions& options, const std::string& path, int stop_fd) {
  std::error_code none;
  const auto there = std::filesystem::status(path, none);
  if (path == "-" || (exists(there) && !is_regular_file(there))) {
    throw UsageError("--last: files are made when something happens, and " + path + " is none",
                     "name a file that can be made or overwritten");
  }
  if (options.user) check_may_make_files(*options.user, path);
  const Output first = Output::open(path, stop_fd);
  return Output::stage(path, first);
}

}  // namespace

FlightRecorder::FlightRecorder(const FileOptions& options,
                               const std::vector<CaptureInterface>& interfaces,
                               Checkpoint& checkpoint, int stop_fd)
    : options_(options),
      flight_(*options.flight),
      memory_bytes_(bytes_to_keep(flight_, memory_limit())),
      checkpoint_(checkpoint),
      names_(options.path, options.limits.rotation.ring),
      place_(open_place(options, names_.current(), stop_fd)),
      trigger_(flight_, interfaces),
      memory_(memory_bytes_, interfaces.size()),
      writer_(place_, interfaces.size()),
      ledger_(interfaces.size(), read_cpus().possible),
      finished_(options.limits.command),
      handed_over_(interfaces.size()),
      written_(interfaces.size()),
      left_out_(interfaces.size()),
      reported_(ledger_.reported().begin(), ledger_.reported().end()) {}

void FlightRecorder::take(const Batch& batch) {
  if (batch.total_packets() == 0) return;  // the header: each file gets its own
  const auto blocks = memory_.keep(batch);
  trigger_.look_at(batch, blocks);
}

void FlightRecorder::commit(std::span<const RingCursor> cursors,
                            std::span<const std::uint64_t> left_out, Moment now) {
  std::copy(memory_.dropped().begin(), memory_.dropped().end(), left_out_.begin());
  if (!left_out.empty()) add(left_out_, left_out);
  checkpoint_.commit({.file = number_,
                      .file_start = start_date_,
                      .file_size = memory_.end(),
                      .kept = memory_.positions(),
                      .written = written_,
                      .left_out = left_out_,
                      .reported = reported_},
                     cursors);
  note(memory_.committed(oldest(now.monotonic)));
}

// The window ends at the trigger. CLOCK_MONOTONIC in ns; 0: no window.
std::uint64_t FlightRecorder::oldest(std::uint64_t now) const {
  const std::uint64_t before = flight_.window + trigger_.age(now);
  return flight_.window == 0 ? 0 : now - std::min(now, before);
}

// The memory is smaller than the user thinks.
void FlightRecorder::note(PacketMemory::Dropped dropped) {
  const std::string size = size_text(memory_bytes_);
  if (dropped == PacketMemory::Dropped::surplus && flight_.window != 0 &&
      !std::exchange(noted_surplus_, true)) {
    news_.push_back("--last: " + size + " hold the packets of less than " +
                    time_text(flight_.window) + "; --last " +
                    std::to_string(flight_.window / kSecond) + "s,SIZE sets another limit");
  }
  if (dropped == PacketMemory::Dropped::scarce && !std::exchange(noted_scarce_, true)) {
    news_.push_back("--last: " + path() + " is written slowly; less than " + size +
                    " are kept meanwhile");
  }
}

std::uint64_t FlightRecorder::due_at(std::uint64_t now) const {
  return writing_ ? now + kLookEvery : trigger_.due_at();
}

bool FlightRecorder::take_out(Moment now) {
  const std::uint64_t most = options_.limits.packets - sum(handed_over_);
  taken_ = memory_.take(oldest(now.monotonic), most);
  event_ = trigger_.take(now.monotonic);
  taken_date_ = now.date;
  add(handed_over_, taken_.packets);
  if (taken_.total_packets() > 0) return true;
  news_.push_back(event_.reason + ": there are no packets to be written");
  return false;
}

std::string FlightRecorder::comment() const {
  return "flight recording, written on " + event_.reason + ": " +
         counted(taken_.total_packets(), "packet") + ", the first " +
         time_text(taken_date_ - std::min(taken_date_, taken_.first_time)) +
         " before it was written";
}

// The account of this file is that of all packets since the one before.
void FlightRecorder::write(std::vector<InterfaceStatistics> totals, pcapng::Bytes header,
                           Moment now, bool last) {
  for (std::size_t i = 0; i < totals.size(); ++i) {
    totals[i].written = handed_over_[i];
    totals[i].kept = 0;
  }
  const std::string path = next_name(now);
  checkpoint_.note_file(number_, path);
  FlightFile file{
      .path = path,
      .header = std::move(header),
      .blocks = taken_.blocks,
      .packets = taken_.packets,
      .trailer = statistics_blocks(ledger_.close_file(totals, last), start_date_, now.date)};
  writing_ = true;
  if (in_guardian_) return finish_file(writer_.write(file));
  writer_.begin(std::move(file));
}

// The guardian continues with the file that the capture had begun.
std::string FlightRecorder::next_name(Moment now) {
  const std::string begun = in_guardian_ ? checkpoint_.file(number_).path : "";
  const std::string& next = names_.next(static_cast<std::time_t>(now.date / kSecond));
  return begun.empty() ? next : begun;
}

bool FlightRecorder::look_at_writer() {
  if (!writing_) return false;
  auto file = writer_.written();
  if (file) finish_file(std::move(*file));
  return file.has_value();
}

void FlightRecorder::wait_for_writer(int stop_fd) {
  if (!writing_) return;
  writer_.wait(stop_fd);
  static_cast<void>(look_at_writer());
}

// From now on the guardian does not write it again.
void FlightRecorder::finish_file(WrittenFile file) {
  writing_ = false;
  memory_.give_back();
  add(written_, file.packets);
  reported_.assign(ledger_.reported().begin(), ledger_.reported().end());
  start_date_ = taken_date_;
  ++number_;
  bytes_ += file.bytes;
  if (file.failure) {
    if (!failure_) failure_ = file.failure;
    try {
      std::rethrow_exception(file.failure);
    } catch (const std::exception& error) {
      news_.emplace_back(error.what());
    }
    return;
  }
  news_.push_back(account(file));
  finished_.add(file.path, std::move(file.compressor));
  if (const auto outdated = names_.outdated()) place_.remove_file(*outdated);
}

std::string FlightRecorder::account(const WrittenFile& file) const {
  return file.path + ": " + counted(taken_.total_packets(), "packet") + " of " +
         time_text(taken_.last_time - taken_.first_time) + ", written on " + event_.reason;
}

bool FlightRecorder::limit_reached() const {
  return !writing_ && (number_ >= options_.limits.rotation.files ||
                       sum(handed_over_) >= options_.limits.packets);
}

void FlightRecorder::discard() {
  const std::uint64_t packets = memory_.kept_packets();
  memory_.clear();
  if (packets == 0) return;
  news_.push_back(counted(packets, "packet") +
                  " in memory discarded; SIGUSR2, or a trigger, would have written them");
}

void FlightRecorder::resume(std::span<const std::uint64_t> left_out) {
  const Checkpoint::State state = checkpoint_.state();
  in_guardian_ = true;
  for (std::uint64_t i = 0; i < state.file; ++i) names_.next(std::time(nullptr));
  number_ = state.file;
  start_date_ = state.file_start;
  written_.assign(state.written.begin(), state.written.end());
  ledger_.restore(state.reported);
  memory_.resume(state.kept, state.file_size, left_out);
  for (std::size_t i = 0; i < handed_over_.size(); ++i) {
    constexpr std::size_t kWritten = 2;
    handed_over_[i] = state.reported[i * Ledger::kWordsOfInterface + kWritten];
  }
}

std::string FlightRecorder::introduction() const {
  return "keeps the packets of the last " +
         (flight_.window != 0 ? time_text(flight_.window) + ", at most " : "") +
         size_text(memory_bytes_) + "; kill -USR2 " + std::to_string(::getpid()) +
         " writes them to " + path();
}

std::vector<std::string> FlightRecorder::look() {
  std::vector<std::string> lines = finished_.look();
  lines.insert(lines.begin(), std::make_move_iterator(news_.begin()),
               std::make_move_iterator(news_.end()));
  news_.clear();
  return lines;
}

std::vector<std::string> FlightRecorder::wait(int stop_fd) {
  return finished_.wait(stop_fd);
}

void FlightRecorder::check() const {
  finished_.check();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace xdpcap
