// SPDX-License-Identifier: BSD-3-Clause
#include "session/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/tell.hpp"
#include "bpf/features.hpp"
#include "bpf/program_loader.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {
namespace {

constexpr int kFailureExit = 2;
constexpr std::uint64_t kReportEvery = 1'000'000'000;

// No more than half a ring: it has to be read before it is full. By default no more than caches
// hold.
std::uint64_t wake_at(const Options& options, const Rings& rings) {
  constexpr std::uint64_t kMost = std::uint64_t{2} << 20U;
  const std::uint64_t bytes = rings.bytes_per_cpu();
  return std::min(options.watermark.value_or(std::min(bytes / 4, kMost)), bytes / 2);
}

// This process cannot complete the file, but the guardian can: the checkpoint always shows how far
// the file has been written.
[[noreturn]] void leave_to_guardian(const char* why) {
  tell(why, kLastTimeoutMilliseconds);
  ::_exit(kFailureExit);
}

}  // namespace

Session::Session(const Options& options, Sources sources, const Signals& signals)
    : options_(options),
      signals_(signals),
      recording_(options, sources, signals.stop_fd),
      sleeper_(recording_.control(), recording_.rings(), wake_at(options, recording_.rings()),
               signals),
      sources_(std::move(sources)),
      reporter_(options),
      has_xdp_load_bytes_(has_xdp_load_bytes()) {
  if (options.ring_bytes.value_or(0) > kMaxRingBytes) {
    tell("--buffer: using " + std::to_string(kMaxRingBytes) +
         " bytes for each CPU, the most that the kernel's verifier allows\n");
  }
  if (options.toolbar) prepare_toolbar();
  if (!recording_.fate_warning().empty()) tell(recording_.fate_warning() + '\n');
}

void Session::run() {
  const auto& user = options_.files.user;
  CaptureFiles& files = recording_.files();
  if (user && !recording_.flight()) recording_.file().output().give_to(user->id, user->group);
  install();
  recording_.commit();
  if (options_.says_sources) say_sources();
  files.begin(recording_.header(), recording_.now());
  if (auto& flight = recording_.flight()) {
    flight->begin(recording_.now());
    if (!options_.quiet) tell(flight->introduction() + '\n');
  }
  if (user) {
    become(*user);
    guarded_->without_privileges();
    if (recording_.fates()) tell_all(recording_.fates()->without_privileges());
  }
  try {
    capture_and_finish();
  } catch (const std::bad_alloc&) {
    if (!has_able_guardian()) throw;
    leave_to_guardian(
        "xdpcap-cpp: out of memory; its guardian empties the hook and completes the file\n");
  }
  if (failure_) std::rethrow_exception(failure_);
}

void Session::capture_and_finish() {
  try {
    capture();
  } catch (const Error&) {  // the file can still be completed
    failure_ = std::current_exception();
    recording_.files().stay();
  }
  if (toolbar_) toolbar_->stop();
  remove_recorders();
  finish();
}

// A write that the kernel has begun cannot be taken back, so this process cannot say which packets
// are in the file. The guardian continues once the kernel has ended the write.
void Session::leave_disk_to_guardian() {
  leave_to_guardian(
      "xdpcap-cpp: the disk is slow or stuck; its guardian writes the rest and "
      "completes the file as soon as it can\n");
}

// The descriptors that the guardian needs to make recorders, empty the rings and complete the file.
std::vector<int> Session::descriptors() const {
  std::vector<int> all = recording_.rings().descriptors();
  const auto add = [&](const std::vector<int>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  add({recording_.control().fd(), sleeper_.wakeup_fd()});
  if (scratch_.valid()) add({scratch_.get()});
  if (buckets_.valid()) add({buckets_.get()});
  if (changeable_) add(changeable_->descriptors());
  if (const auto& fates = recording_.fates()) {
    add({fates->last_fd()});
    add(fates->descriptors());
  }
  if (const auto& reasons = recording_.reasons()) add(reasons->descriptors());
  const Output& output = recording_.files().current().output();
  if (output.is_file()) add(output.descriptors());
  if (const auto& flight = recording_.flight()) add(flight->descriptors());
  for (const auto& renderer : renderers_) add(renderer->descriptors());
  return all;
}

// The guardian could not seek in a pipe, and the reader of a pipe waits for all writers to close
// it.
bool Session::guardian_can_finish() {
  return recording_.flight() || recording_.file().output().is_file();
}

void Session::install() {
  if (!kOrderedStores) require_atomic_exchange();
  if (options_.budget.rate > 0) {
    const std::size_t bytes = sizeof(xdpcap_bucket) * sources_.size();
    buckets_ = create_map(BPF_MAP_TYPE_ARRAY, "xdpcap_buckets", sizeof(std::uint32_t),
                          static_cast<std::uint32_t>(bytes), 1);
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) sources_[i]->load(recorders_of(i));
  if (const auto& reasons = recording_.reasons()) reasons->remove_old();
  GuardedSources::Plan plan{
      .wait_for_recorders = [this] { recording_.rings().wait_for_recorders(); },
      .descriptors = [this] { return descriptors(); },
      .rescue = {}};
  if (guardian_can_finish() || !renderers_.empty()) {
    plan.rescue = [this] { rescue_from_guardian(); };
  }
  rings_of_guardian_ = recording_.rings().count();
  guarded_.emplace(sources_, std::move(plan));
}

void Session::capture() {
  CaptureFiles& files = recording_.files();
  files.connect();
  // Written immediately, so that the reader of a pipe sees that the capture is running.
  if (!recording_.file().flush({.interrupt_fd = signals_.stop_fd})) return;
  recording_.commit();
  sleeper_.watch(guarded_->fd());
  start_ = monotonic_now();
  next_report_ = start_ + kReportEvery;
  render(&Renderer::show, state(recording_.statistics()));
  if (toolbar_) toolbar_->start();
  // A slow reader does not keep the sources from being watched.
  while (!stop_requested(signals_.stop_fd)) {
    sleeper_.note_waiting();
    if (!write({.interrupt_fd = signals_.stop_fd, .end = next_report_})) break;
    if (is_stuck() && files.time_is_over(monotonic_now())) break;
    sleeper_.sleep(std::min(next_report_, recording_.due_at()));
    answer_requests();
    if (sleeper_.has_news()) tell_all(guarded_->receive());
    if (monotonic_now() >= next_report_) report();
  }
}

// The guardian removes the recorders; meanwhile packets are written as before.
void Session::remove_recorders() {
  take_stop(signals_.stop_fd);
  guarded_->begin_removing();
  for (bool may_write = true; !guarded_->is_removed(); guarded_->wait_removing()) {
    may_write = may_write && !failure_ && write_some();
  }
  if (!failure_ && !guarded_->failure().empty()) {
    failure_ = std::make_exception_ptr(Error(guarded_->failure()));
  }
}

// False when nothing more can be written.
bool Session::write(Timeout timeout) {
  return recording_.drain(timeout) || is_stuck();
}

// Whether the reader of the output has not yet taken all that it was offered.
bool Session::is_stuck() {
  return recording_.file().end() == WriteEnd::interrupted;
}

bool Session::write_some() {
  try {
    constexpr std::uint64_t kMost = 10'000'000;
    return write(
        {.interrupt_fd = signals_.stop_fd, .milliseconds = 10, .end = monotonic_now() + kMost});
  } catch (const Error&) {
    failure_ = std::current_exception();
    recording_.files().stay();
    return false;
  }
}

// Writes what is left in the rings, and completes the file. A second signal ends the wait for a
// slow reader or disk.
void Session::finish() {
  CaptureFiles& files = recording_.files();
  const int stop_fd = signals_.stop_fd;
  const Timeout timeout{.interrupt_fd = stop_fd, .milliseconds = kLastTimeoutMilliseconds};
  const std::exception_ptr failure = recording_.drain_rest(timeout);
  if (!failure_) failure_ = failure;
  if (has_able_guardian() && !recording_.file().wait_for_disk(stop_fd)) leave_disk_to_guardian();
  recording_.end_rest(stop_fd);

  const std::vector<InterfaceStatistics> statistics = recording_.final_statistics();
  const bool reader_gone = recording_.file().end() == WriteEnd::reader_gone;
  take_stop(stop_fd);
  tell_all(guarded_->look());
  if (auto& flight = recording_.flight()) tell_all(flight->look());
  tell_all(files.wait_for_printer(stop_fd));
  summarize(statistics, reader_gone);
  std::exception_ptr incomplete;
  try {
    Timeout last{.milliseconds = kLastTimeoutMilliseconds};
    if (has_able_guardian()) last.interrupt_fd = stop_fd;
    if (!reader_gone && !files.finish(statistics, recording_.now().date, last)) {
      leave_disk_to_guardian();
    }
  } catch (const Error&) {
    incomplete = std::current_exception();
  }
  render(&Renderer::finish, state(statistics));
  if (incomplete) std::rethrow_exception(incomplete);
  if (reader_gone) return;
  recording_.checkpoint().finish();
  if (auto& flight = recording_.flight()) {
    tell_all(flight->wait(stop_fd));
    flight->check();
  }
  tell_all(files.wait(stop_fd));
  files.check();
}

void Session::report() {
  next_report_ = monotonic_now() + kReportEvery;
  check_changes();
  const std::vector<InterfaceStatistics> statistics = recording_.statistics();
  render(&Renderer::show, state(statistics));
  reporter_.progress(state(statistics));
}

// SIGUSR2 asks for all packets to be written. Without --last, that has already happened here.
void Session::answer_requests() {
  const Requests requests = take_requests(signals_.request_fd);
  if (requests.counts) reporter_.counts(state(recording_.statistics()));
  if (requests.write && recording_.flight()) {
    recording_.flight()->trigger().request("SIGUSR2", monotonic_now());
  }
  if (recording_.flight()) tell_all(recording_.flight()->look());
}

void Session::check_changes() {
  add_rings_for_new_cpus();
  tell_all(guarded_->look());
  sleeper_.watch(guarded_->fd());
  tell_all(recording_.files().look());
}

void Session::tell_all(const std::vector<std::string>& news) {
  for (const std::string& line : news) reporter_.news(line);
}

}  // namespace xdpcap
