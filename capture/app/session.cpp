// SPDX-License-Identifier: BSD-3-Clause
#include "app/session.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <utility>

#include "app/file_header.hpp"
#include "app/setup.hpp"
#include "app/stop.hpp"
#include "app/tell.hpp"
#include "base/error.hpp"
#include "filter/file_link_type.hpp"
#include "kernel/cpus.hpp"
#include "kernel/features.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {
namespace {

// A CPU may know the time of a packet before others see its mark that it is at work on one: by some
// hundred ns at the most, for which this is ample.
constexpr std::uint64_t kUntilStoresAreSeen = 20'000;
constexpr std::uint64_t kNobodyRecords = ~std::uint64_t{0};
// A fate is known some hundred ns after its packet, or when the driver is done with its batch.
// Where nothing says that (a tun device), one is waited for so long.
constexpr std::uint64_t kUntilFateIsKnown = 20'000'000;
constexpr std::uint64_t kReportEvery = 1'000'000'000;

// No more than half a ring: it has to be read before it is full.
std::uint64_t wake_at(const Options& options, const Rings& rings) {
  const std::uint64_t bytes = rings.bytes_per_cpu();
  return std::min(options.watermark.value_or(bytes / 4), bytes / 2);
}

// Those that wait in the rings behind the last packet that was written are not wanted any more.
void leave_surplus_out(ActionStatistics& one) {
  const std::uint64_t surplus = lost(one) - one.counts.lost;
  one.counts.matched -= surplus;
  one.counts.received -= surplus;
}

}  // namespace

Session::Session(const Options& options, int stop_fd)
    : options_(options),
      stop_fd_(stop_fd),
      hook_(open_hook(options.hook)),
      actions_(wanted_actions(options, hook_)),
      journal_(read_cpus().possible, actions_.size()),
      files_(options, actions_.size(), journal_, stop_fd),
      file_(files_.current()),
      control_(static_cast<std::uint32_t>(actions_.size()), read_cpus().possible),
      rings_(make_rings(options, read_cpus())),
      sleeper_(control_, rings_, wake_at(options, rings_), stop_fd),
      reporter_(options) {
  if (options.fates) trace_fates();
}

// A capture without fates is better than none.
void Session::trace_fates() {
  try {
    fates_.emplace(rings_, read_cpus().possible, *options_.fates, actions_.size());
    if (!fates_->shortcoming().empty()) {
      tell("fates with numbers instead of names: " + fates_->shortcoming() + '\n');
    }
  } catch (const Error& error) {
    if (!options_.fates->takes_all()) throw;  // there would be nothing to choose by
    tell(std::string("no fates in this capture: ") + error.what() + "; " + error.hint() + '\n');
  }
}

void Session::run() {
  const auto& user = options_.service.user;
  if (user) file_.output().give_to(user->id, user->group);
  install();
  note_progress();
  files_.begin(header(), now());
  if (user) {
    become(*user);
    attachment_->without_privileges();
    if (fates_) tell_all(fates_->without_privileges());
  }
  std::exception_ptr failure;
  try {
    capture();
  } catch (const Error&) {  // no next file: what there is can be completed
    failure = std::current_exception();
    files_.stay();
  }
  finish();
  if (failure) std::rethrow_exception(failure);
}

pcapng::Bytes Session::header() const {
  return file_header({.hook = options_.hook,
                      .filter = options_.filter_text,
                      .link_type = file_link_type(options_.link_type),
                      .snaplen = options_.snaplen,
                      .actions = actions_});
}

void Session::install() {
  if (!kOrderedStores) require_atomic_exchange();
  const std::uint32_t cpus = read_cpus().possible;
  const bool has_xdp_load_bytes = xdpcap::has_xdp_load_bytes();
  const auto make = [this, cpus, has_xdp_load_bytes](XdpAction action, Flavour flavour,
                                                     int next_fd) {
    if (fates_) fates_->set_flavour(flavour);
    const auto interface = static_cast<std::uint32_t>(
        std::find(actions_.begin(), actions_.end(), action) - actions_.begin());
    return make_recorder({.action = action,
                          .interface_id = interface,
                          .snaplen = options_.snaplen,
                          .cpus = cpus,
                          .counters_row = interface,
                          .control_fd = control_.fd(),
                          .rings_fd = rings_.array_fd(),
                          .ring_bytes = static_cast<std::uint32_t>(rings_.bytes_per_cpu()),
                          .bell_fd = sleeper_.bell_fd(),
                          .frags = flavour.frags,
                          .has_xdp_load_bytes = has_xdp_load_bytes,
                          .filter_offsets = options_.filter_offsets,
                          .note_ingress = options_.note_ingress && !fates_,
                          .next_fd = next_fd,
                          .last_fd = fates_ ? fates_->last_fd() : -1},
                         options_.filter);
  };
  Attachment::Plan plan{.actions = actions_,
                        .replace = options_.replace,
                        .follow = options_.service.follow,
                        .make_recorder = make,
                        .descriptors = {},
                        .rescue = {}};
  // A pipe has nothing to go back in, and who reads it waits for all its writers to close it.
  if (file_.output().is_file()) {
    plan.descriptors = file_.output().descriptors();
    if (fates_) {
      for (const int fd : fates_->descriptors()) plan.descriptors.push_back(fd);
    }
    plan.rescue = [this] { rescue(); };
  }
  attachment_.emplace(std::move(hook_), std::move(plan));
}

void Session::capture() {
  files_.connect();
  // The header goes out at once: it tells whoever reads a pipe that all is well.
  if (!file_.flush({.interrupt_fd = stop_fd_})) return;
  note_progress();
  start_ = monotonic_now();
  next_report_ = start_ + kReportEvery;
  while (!stop_requested(stop_fd_)) {
    sleeper_.note_waiting();
    if (!drain(monotonic_now() - kUntilStoresAreSeen, {.interrupt_fd = stop_fd_})) break;
    sleeper_.sleep(std::min(next_report_, files_.due_at()));
    if (monotonic_now() >= next_report_) report();
  }
}

void Session::note_progress() {
  files_.commit(rings_.cursors(), fates_ ? fates_->left_out() : std::span<const std::uint64_t>());
}

bool Session::drain(std::uint64_t horizon, Patience patience) {
  const bool wait_for_fates = fates_ && horizon != kNobodyRecords;
  const std::uint64_t settled =
      wait_for_fates ? horizon - kUntilFateIsKnown : RingCursor::kAllSettled;
  for (RingCursor& cursor : rings_.cursors()) cursor.refresh(settled);
  for (MergeEnd end = MergeEnd::full; end == MergeEnd::full;) {
    end = merge_.run(rings_.cursors(), horizon, [this](RingCursor& cursor) {
      if (file_.is_full()) return false;
      xdpcap_block& block = cursor.block();
      if (fates_ ? !fates_->append(cursor, file_) : !file_.append(block)) return false;
      set_time(block, time_of(block) + clock_.offset());
      return true;
    });
    if (!file_.flush(patience)) return false;
    note_progress();
    for (RingCursor& cursor : rings_.cursors()) cursor.release();
    if (fates_) fates_->flushed();
    if (!turn_page()) return false;
  }
  return true;
}

bool Session::turn_page() {
  if (!files_.is_due(monotonic_now())) return true;
  const bool goes_on = files_.turn(statistics(), now());
  if (goes_on) note_progress();
  return goes_on;
}

void Session::report() {
  next_report_ = monotonic_now() + kReportEvery;
  clock_.refresh();
  look_around();
  reporter_.progress(state(statistics()));
}

void Session::look_around() {
  give_rings_to_new_cpus();
  tell_all(attachment_->look());
  tell_all(files_.look());
}

void Session::tell_all(const std::vector<std::string>& news) {
  for (const std::string& line : news) reporter_.news(line);
}

Report Session::state(std::vector<ActionStatistics> statistics) const {
  return {.actions = std::move(statistics),
          .output = {.file = files_.path(), .files = files_.count(), .bytes = files_.bytes()},
          .date = now().date,
          .elapsed = monotonic_now() - start_};
}

void Session::give_rings_to_new_cpus() {
  try {
    const std::size_t added = rings_.add(read_cpus().online);
    if (added == 0) return;
    attachment_->renew_guardian();
    reporter_.news(std::to_string(added) + " more CPUs are online: gave each a ring");
  } catch (const Error& error) {
    if (std::exchange(last_cpu_error_, error.what()) == error.what()) return;
    reporter_.news(std::string("a CPU that came online has no ring, what it matches is lost: ") +
                   error.what());
  }
}

// First the traffic is let go, then what it left in the rings is written.
void Session::finish() {
  attachment_.value().detach();
  if (file_.end() == WriteEnd::reader_gone) return;
  finish_file();
}

void Session::finish_file() {
  const Patience last{.milliseconds = kLastPatienceMilliseconds};
  files_.stop_clocks();
  if (!files_.sated() && file_.flush(last)) drain(kNobodyRecords, last);
  file_.give_up();

  std::vector<ActionStatistics> final_statistics = statistics();
  for (ActionStatistics& one : final_statistics) {
    if (fates_) one.fates = fates_->table(one.action);
  }
  take_stop(stop_fd_);
  tell_all(files_.wait_for_printer(stop_fd_));
  reporter_.summary(state(final_statistics), fates_ ? fates_->table() : "");
  files_.finish(final_statistics, now().date, last);
  tell_all(files_.wait(stop_fd_));
  files_.check();
}

void Session::rescue() {
  // Before it has begun, the file still holds what it did before.
  if (!journal_.begun() || !journal_.claim()) return;
  const bool begun = journal_.state().file_size > 0;
  if (!begun) file_.output().begin();  // its name, for which the user may have no right
  // Before anything is done that the journal says: that user could write to it.
  if (options_.service.user) become(*options_.service.user);
  clock_.refresh();
  for (std::size_t i = 0; i < rings_.cursors().size(); ++i) {
    rings_.cursors()[i].go_back(journal_.positions()[i]);
    restore_blocks(rings_.cursors()[i], clock_.offset(), fates_.has_value());
  }
  if (fates_) fates_->go_back(journal_.state().left_out);
  files_.resume();
  if (!begun) file_.begin(header());
  finish_file();
}

Moment Session::now() const {
  const std::uint64_t monotonic = monotonic_now();
  return {.monotonic = monotonic, .date = monotonic + clock_.offset()};
}

std::vector<ActionStatistics> Session::statistics() const {
  std::vector<ActionStatistics> statistics;
  for (std::uint32_t row = 0; row < actions_.size(); ++row) {
    ActionStatistics one{.action = actions_[row],
                         .counts = control_.read(row),
                         .written = file_.written()[row],
                         .left_out = fates_ ? fates_->left_out()[row] : 0};
    // The account of a capture that has all it was to have ends with its last packet.
    if (files_.sated()) leave_surplus_out(one);
    statistics.push_back(std::move(one));
  }
  return statistics;
}

}  // namespace xdpcap
