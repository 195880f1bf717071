// SPDX-License-Identifier: BSD-3-Clause
#include "app/session.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <string>
#include <utility>

#include "app/file_header.hpp"
#include "base/error.hpp"
#include "filter/file_link_type.hpp"
#include "kernel/cpus.hpp"
#include "kernel/features.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {
namespace {

// After each look at the rings the reader naps, so that packets gather for the next one; a nap ends
// early when a ring fills. After this many naps without a packet it sleeps until one comes.
constexpr int kNapMilliseconds = 5;
constexpr unsigned kNapsBeforeSleep = 20;
// A CPU may know the time of a packet before others see its mark that it is at work on one: by some
// hundred ns at the most, for which this is ample.
constexpr std::uint64_t kUntilStoresAreSeen = 20'000;
constexpr std::uint64_t kNobodyRecords = ~std::uint64_t{0};
constexpr std::uint64_t kReportEvery = 1'000'000'000;
// How long a reader that takes nothing may keep a stopped capture from ending.
constexpr int kLastPatienceMilliseconds = 2000;

Hook open_hook(const std::string& path) {
  Hook hook = Hook::open(path);
  if (!hook.has_owner()) {
    throw Error("opening the hook " + path + ": no loaded XDP program uses it yet",
                "a recorder put in first would keep most programs out: load the program first, or "
                "use --wait");
  }
  return hook;
}

std::vector<XdpAction> wanted_actions(const Options& options, const Hook& hook) {
  std::vector<XdpAction> actions;
  if (!options.actions) {
    for (std::uint32_t slot = 0; slot < hook.slots(); ++slot) actions.emplace_back(slot);
    return actions;
  }
  for (const XdpAction action : *options.actions) {
    if (action.value() < hook.slots()) continue;
    throw UsageError("-actions: the hook " + hook.path() + " has " + std::to_string(hook.slots()) +
                         " slots, none for " + action.name(),
                     "leave it out, or give the hook more entries");
  }
  return *options.actions;
}

std::uint64_t memory_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Rings make_rings(const Options& options, const Cpus& cpus) {
  const std::uint64_t bytes =
      options.ring_bytes.value_or(default_ring_bytes(memory_bytes(), cpus.online.size()));
  return {cpus.online, cpus.possible, bytes};
}

UniqueFd make_epoll(const Bell& bell, int stop_fd) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) throw system_error("creating an epoll", errno);
  epoll_event event{};
  event.events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
  event.data.fd = bell.fd();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, bell.fd(), &event) != 0) {
    throw system_error("watching the bell", errno);
  }
  event.events = EPOLLIN;
  event.data.fd = stop_fd;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, stop_fd, &event) != 0) {
    throw system_error("watching for signals", errno);
  }
  return epoll;
}

// Blocks that had been dated and not written get the kernel's time again: a date is later than any
// time since boot.
void take_dates_back(RingCursor& cursor, std::uint64_t clock_offset) {
  const std::uint64_t begin = cursor.position();
  for (cursor.refresh(); cursor.ready(); cursor.next()) {
    xdpcap_block& block = cursor.block();
    if (time_of(block) > clock_offset) set_time(block, time_of(block) - clock_offset);
  }
  cursor.go_back(begin);
}

}  // namespace

Session::Session(const Options& options, int stop_fd)
    : options_(options),
      stop_fd_(stop_fd),
      hook_(open_hook(options.hook)),
      actions_(wanted_actions(options, hook_)),
      file_(Output::open(options.output, stop_fd), actions_.size()),
      control_(static_cast<std::uint32_t>(actions_.size()), read_cpus().possible),
      rings_(make_rings(options, read_cpus())),
      wake_at_(std::min<std::uint64_t>(options.watermark.value_or(rings_.bytes_per_cpu() / 4),
                                       rings_.bytes_per_cpu() / 2)),
      epoll_(make_epoll(bell_, stop_fd)),
      journal_(read_cpus().possible, actions_.size()) {}

void Session::run() {
  install();
  if (options_.service.user) {
    file_.output().give_to(options_.service.user->id, options_.service.user->group);
    become(*options_.service.user);
    attachment_->without_privileges();
  }
  journal_.commit(0, file_.written(), rings_.cursors());
  file_.begin(header());
  capture();
  finish();
}

pcapng::Bytes Session::header() const {
  return file_header({.hook = options_.hook,
                      .filter = options_.filter_text,
                      .link_type = file_link_type(options_.link_type),
                      .snaplen = options_.snaplen,
                      .actions = actions_});
}

void Session::install() {
  const std::uint32_t cpus = read_cpus().possible;
  const bool has_xdp_load_bytes = xdpcap::has_xdp_load_bytes();
  start_time_ = monotonic_now() + clock_.offset();
  const auto make = [this, cpus, has_xdp_load_bytes](XdpAction action, Flavour flavour,
                                                     int next_fd) {
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
                          .bell_fd = bell_.fd(),
                          .frags = flavour.frags,
                          .has_xdp_load_bytes = has_xdp_load_bytes,
                          .filter_offsets = options_.filter_offsets,
                          .note_ingress = options_.note_ingress,
                          .next_fd = next_fd},
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
    plan.descriptors = {file_.output().fd()};
    plan.rescue = [this] { rescue(); };
  }
  attachment_.emplace(std::move(hook_), std::move(plan));
}

void Session::capture() {
  // The header goes out at once: it tells whoever reads a pipe that all is well.
  if (!file_.flush({.interrupt_fd = stop_fd_})) return;
  journal_.commit(file_.size(), file_.written(), rings_.cursors());
  next_report_ = monotonic_now() + kReportEvery;
  while (!stop_requested() &&
         drain(monotonic_now() - kUntilStoresAreSeen, {.interrupt_fd = stop_fd_})) {
    sleep();
    if (monotonic_now() >= next_report_) report();
  }
}

bool Session::drain(std::uint64_t horizon, Patience patience) {
  for (RingCursor& cursor : rings_.cursors()) cursor.refresh();
  for (MergeEnd end = MergeEnd::full; end == MergeEnd::full;) {
    end = merge_.run(rings_.cursors(), horizon, [this](const RingCursor& cursor) {
      xdpcap_block& block = cursor.block();
      if (!file_.append(block)) return false;
      set_time(block, time_of(block) + clock_.offset());
      return true;
    });
    if (file_.pending()) idle_naps_ = 0;
    if (!file_.flush(patience)) return false;
    journal_.commit(file_.size(), file_.written(), rings_.cursors());
    for (RingCursor& cursor : rings_.cursors()) cursor.release();
  }
  return true;
}

void Session::sleep() {
  const bool nap = idle_naps_ < kNapsBeforeSleep;
  // The alarm of a sleep is set a nap early, and stays set: a recorder that had not seen it has
  // published its packet before that nap is over.
  const std::uint64_t wake_at = idle_naps_ + 1 < kNapsBeforeSleep ? wake_at_ : 1;
  control_.wake_at(wake_at);
  // Whatever came in before the alarm was set has not rung it.
  if (rings_.most_waiting() < wake_at) {
    const std::uint64_t now = monotonic_now();
    const std::uint64_t until_report =
        now < next_report_ ? (next_report_ - now) / 1'000'000 + 1 : 0;
    std::array<epoll_event, 8> events{};
    ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                 nap ? kNapMilliseconds : static_cast<int>(until_report));
    bell_.silence();
    ++idle_naps_;
  }
  if (rings_.most_waiting() > 0) control_.stay_awake();
}

void Session::report() {
  next_report_ = monotonic_now() + kReportEvery;
  clock_.refresh();
  look_around();
  if (!options_.quiet) std::cerr << statistics_line(statistics()) << std::flush;
}

void Session::look_around() {
  give_rings_to_new_cpus();
  for (const std::string& line : attachment_->look()) std::cerr << line << '\n';
}

void Session::give_rings_to_new_cpus() {
  try {
    const std::size_t added = rings_.add(read_cpus().online);
    if (added == 0) return;
    attachment_->renew_guardian();
    std::cerr << added << " more CPUs are online: gave each a ring\n";
  } catch (const Error& error) {
    if (std::exchange(last_cpu_error_, error.what()) == error.what()) return;
    std::cerr << "a CPU that came online has no ring, what it matches is lost: " << error.what()
              << '\n';
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
  if (file_.flush(last)) drain(kNobodyRecords, last);
  file_.give_up();

  const std::vector<ActionStatistics> final_statistics = statistics();
  if (!options_.quiet) std::cerr << summary(final_statistics);
  std::cerr << loss_line(final_statistics) << std::flush;
  file_.finish(statistics_blocks(final_statistics, start_time_, monotonic_now() + clock_.offset()),
               last);
}

void Session::rescue() {
  // Before it has begun, the file still holds what it did before.
  if (!journal_.begun() || !journal_.claim()) return;
  if (options_.service.user) become(*options_.service.user);
  clock_.refresh();
  for (std::size_t i = 0; i < rings_.cursors().size(); ++i) {
    rings_.cursors()[i].go_back(journal_.positions()[i]);
    take_dates_back(rings_.cursors()[i], clock_.offset());
  }
  file_.go_back(journal_.file_size(), journal_.written());
  if (journal_.file_size() == 0) file_.begin(header());
  finish_file();
}

bool Session::stop_requested() const {
  pollfd stop{stop_fd_, POLLIN, 0};
  return ::poll(&stop, 1, 0) > 0;
}

std::vector<ActionStatistics> Session::statistics() const {
  std::vector<ActionStatistics> statistics;
  for (std::uint32_t row = 0; row < actions_.size(); ++row) {
    statistics.push_back({actions_[row], control_.read(row), file_.written()[row]});
  }
  return statistics;
}

}  // namespace xdpcap
