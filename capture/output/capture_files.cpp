// SPDX-License-Identifier: BSD-3-Clause
#include "output/capture_files.hpp"

#include <algorithm>
#include <ctime>
#include <exception>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "print/print_lines.hpp"
#include "process/cpus.hpp"

namespace xdpcap {
namespace {

// How long a stalled compressor may delay the completion of its file.
constexpr Timeout kRotationTimeout{.milliseconds = 2000};
constexpr std::uint64_t kSecond = 1'000'000'000;

Output open_first(const std::string& path, const Rotation& rotation, int stop_fd) {
  Output output = Output::open(path, stop_fd);
  if (!rotation.one_file() && !output.ends_in_file()) {
    throw UsageError("-C, -G, -b: no other file can follow " + output.name(),
                     "name a file that can be made or overwritten");
  }
  return output;
}

// By CLOCK_MONOTONIC. A clock that was set may show that the end of the last file is yet to come.
std::uint64_t end_of_file(const Rotation& rotation, Moment now) {
  if (rotation.every == 0) return kUnlimited;
  if (!rotation.at_multiples) return now.monotonic + rotation.every;
  constexpr std::uint64_t kSoon = 50'000'000;
  const std::uint64_t rest = rotation.every - now.date % rotation.every;
  return now.monotonic + (rest < kSoon ? rest + rotation.every : rest);
}

}  // namespace

CaptureFiles::CaptureFiles(const FileOptions& options, std::size_t interfaces,
                           Checkpoint& checkpoint, int stop_fd)
    : limits_(options.limits),
      checkpoint_(checkpoint),
      names_(options.path, limits_.rotation, std::time(nullptr)),
      file_(open_first(names_.current(), limits_.rotation, stop_fd), interfaces),
      ledger_(interfaces, read_cpus().possible),
      finished_(limits_.command),
      print_style_(options.print ? std::optional(options.print_style) : std::nullopt) {
  if (print_style_) check_line_printer(*print_style_);
  if (options.user && !limits_.rotation.one_file()) {
    check_may_make_files(*options.user, path());
  }
}

void CaptureFiles::begin(pcapng::Bytes header, Moment now) {
  header_ = std::move(header);
  start_date_ = now.date;
  turn_at_ = end_of_file(limits_.rotation, now);
  if (limits_.duration != 0) end_at_ = now.monotonic + limits_.duration;
  set_limits();
  file_.begin(header_);
  if (limits_.rotation.one_file()) return;
  checkpoint_.note_file(number_, path());
  checkpoint_.note_id(number_, file_.output().id());
}

void CaptureFiles::connect() {
  file_.connect();
  if (!print_style_) return;
  printer_.emplace(*print_style_);
  file_.print_with(&*printer_);
  ends_with_printing_ = true;
}

// `--print | head` ends as `- | head` does. If printing fails for another reason, the capture
// continues if it has a file.
bool CaptureFiles::printing_has_ended() const {
  if (!ends_with_printing_ || !printer_ || !printer_->has_ended()) return false;
  return printer_->reader_gone() || file_.output().discards();
}

// Each file has room for a packet.
void CaptureFiles::set_limits() {
  FileLimits limits = limits_.rotation.each;
  limits.bytes = std::max<std::uint64_t>(limits.bytes, header_.size() + 1);
  if (limits.packets != kUnlimited) limits.packets += file_.total_written();
  limits.packets = std::min(limits.packets, limits_.packets);
  file_.limit(limits);
}

void CaptureFiles::commit(std::span<const RingCursor> cursors,
                          std::span<const std::uint64_t> left_out) {
  checkpoint_.commit({.file = number_,
                      .file_start = start_date_,
                      .file_size = file_.size(),
                      .previous_is_open = file_.has_previous(),
                      .written = file_.written(),
                      .left_out = left_out,
                      .reported = ledger_.reported()},
                     cursors);
}

bool CaptureFiles::turn(const std::vector<InterfaceStatistics>& totals, Moment now) {
  if (printing_has_ended()) return false;
  const bool full = file_.is_full();
  const bool last = file_.total_written() >= limits_.packets || count() >= limits_.rotation.files;
  if (last || now.monotonic >= end_at_) {
    limit_reached_ = last && full;
    return false;
  }
  try {
    if (!failure_) open_next(full ? FileNames::Turn::full : FileNames::Turn::time, totals, now);
  } catch (const std::exception&) {
    note_failure();
  }
  if (!failure_) return true;
  const bool ending = ending_;
  stay();
  return ending;
}

void CaptureFiles::note_failure() {
  if (!failure_) failure_ = std::current_exception();
}

// Before this file is completed, the next one is created under a temporary name and its compressor
// started: if that fails, the capture stays in this file.
void CaptureFiles::open_next(FileNames::Turn turn, const std::vector<InterfaceStatistics>& totals,
                             Moment now) {
  FileNames names = names_;
  const std::string& path = names.next(turn, static_cast<std::time_t>(now.date / kSecond));
  checkpoint_.note_file(number_ + 1, path);
  Output output = Output::stage(path, file_.output());
  checkpoint_.note_id(number_ + 1, output.id());
  output.begin();
  output.connect();
  try {
    complete(totals, now.date, false, kRotationTimeout);
  } catch (const std::exception&) {  // the next file gets the rest
    note_failure();
  }
  names_ = std::move(names);
  ++number_;
  start_date_ = now.date;
  turn_at_ = end_of_file(limits_.rotation, now);
  file_.continue_in(std::move(output), header_);
  set_limits();
  // If it fails, the next write reports it.
  if (!file_.flush(kRotationTimeout) || file_.has_previous() || !file_.sync()) return;
  publish();
}

void CaptureFiles::publish() {
  file_.output().publish();
  if (const auto outdated = names_.outdated()) file_.output().remove_file(*outdated);
}

void CaptureFiles::end_previous() {
  if (!file_.has_previous()) return;
  end_previous(file_.end_previous());
  try {
    if (file_.has_header()) publish();
  } catch (const std::exception&) {
    note_failure();
  }
}

void CaptureFiles::end_previous(const CaptureFile::Ended& ended) {
  ledger_.take_back(ended.missing);
  finished_.add(ended.name, std::nullopt);
  if (ended.failure && !failure_) failure_ = ended.failure;
}

bool CaptureFiles::complete(const std::vector<InterfaceStatistics>& totals, std::uint64_t date,
                            bool last, Timeout timeout) {
  const auto trailer = statistics_blocks(ledger_.close_file(totals, last), start_date_, date);
  if (!last && file_.retire(trailer)) {
    bytes_before_ += file_.size();
    return true;
  }
  if (!file_.finish(trailer, timeout)) return false;
  bytes_before_ += file_.size();
  finished_.add(file_.output().name(), std::exchange(file_.output().compressor(), std::nullopt));
  return true;
}

void CaptureFiles::stop_clocks() {
  ending_ = true;
  ends_with_printing_ = false;
  turn_at_ = kUnlimited;
  end_at_ = kUnlimited;
}

void CaptureFiles::stay() {
  stop_clocks();
  file_.limit({.packets = limits_.packets});
}

void CaptureFiles::resume() {
  const Checkpoint::State state = checkpoint_.state();
  remove_unfinished(state.file + 1);
  file_.output().keep();
  file_.print_with(nullptr);
  number_ = state.file;
  start_date_ = state.file_start;
  ledger_.restore(state.reported);
  file_.restore(number_, state.file_size, state.written);
  if (number_ > 0) {  // the first file is still open
    Output output = output_of(number_);
    if (state.previous_is_open) complete_previous();
    file_.output() = std::move(output);
  }
  file_.go_back();
  if (state.previous_is_open) file_.output().publish();
  stay();
}

// In the guardian.
void CaptureFiles::complete_previous() {
  try {
    end_previous(file_.complete_previous(output_of(number_ - 1)));
  } catch (const std::exception&) {  // somebody has removed it
    note_failure();
  }
}

Output CaptureFiles::output_of(std::uint64_t number) const {
  const Checkpoint::File file = checkpoint_.file(number);
  return Output::reopen(file.path, file.id, file_.output());
}

// Removes a file that was created but did not become the current one.
void CaptureFiles::remove_unfinished(std::uint64_t number) const {
  const Checkpoint::File file = checkpoint_.file(number);
  if (file.path.empty()) return;
  Output::remove(file.path, file.id, file_.output());
}

bool CaptureFiles::finish(const std::vector<InterfaceStatistics>& totals, std::uint64_t date,
                          Timeout timeout) {
  return complete(totals, date, true, timeout);
}

void CaptureFiles::check() const {
  finished_.check();
  if (failure_) std::rethrow_exception(failure_);
  if (!print_failure_.empty()) throw Error(print_failure_);
}

std::vector<std::string> CaptureFiles::wait_for_printer(int stop_fd) {
  if (!printer_) return {};
  file_.print_with(nullptr);
  const bool failed = printer_->has_ended() && !printer_->reader_gone();
  std::string report = printer_->finish(stop_fd);
  printer_.reset();
  if (failed && file_.output().discards()) {
    print_failure_ = report.empty() ? "--print: the program that prints failed" : std::move(report);
    return {};
  }
  return report.empty() ? std::vector<std::string>() : std::vector<std::string>{std::move(report)};
}

}  // namespace xdpcap
