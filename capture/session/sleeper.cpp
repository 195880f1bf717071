// SPDX-License-Identifier: BSD-3-Clause
#include "session/sleeper.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace xdpcap {
namespace {

UniqueFd make_epoll(const Wakeup& wakeup, const Signals& signals) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) throw system_error("creating an epoll", errno);
  epoll_event event{};
  event.events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
  event.data.fd = wakeup.fd();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.fd(), &event) != 0) {
    throw system_error("watching the ring buffer for wakeups", errno);
  }
  event.events = EPOLLIN;
  for (const int fd : {signals.stop_fd, signals.request_fd}) {
    event.data.fd = fd;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw system_error("watching for signals", errno);
    }
  }
  return epoll;
}

}  // namespace

Sleeper::Sleeper(Control& control, const Rings& rings, std::uint64_t wake_at,
                 const Signals& signals)
    : control_(control), rings_(rings), wake_at_(wake_at), epoll_(make_epoll(wakeup_, signals)) {}

void Sleeper::sleep(std::uint64_t end) {
  // The wakeup of a sleep is requested one pause early, and stays requested: a recorder that did
  // not see the request has published its packet before that pause is over.
  const std::uint64_t wake_at = backoff_.is_last() ? 1 : wake_at_;
  control_.wake_at(wake_at);
  // Packets that arrived before the request do not cause a wakeup.
  if (rings_.most_waiting() < wake_at) {
    const std::uint64_t now = monotonic_now();
    const std::uint64_t left = now < end ? (end - now) / 1'000'000 + 1 : 0;
    std::array<epoll_event, 8> events{};
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                     backoff_.is_over() ? static_cast<int>(left) : backoff_.milliseconds());
    has_news_ = std::any_of(events.begin(), events.begin() + std::max(count, 0),
                            [&](const epoll_event& event) { return event.data.fd == watched_; });
    wakeup_.consume();
    backoff_.woke();
  }
  if (rings_.most_waiting() > 0) control_.stay_awake();
}

void Sleeper::watch(int fd) {
  if (fd == watched_) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watched_, nullptr);
  epoll_event event{};
  event.events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
  event.data.fd = fd;
  watched_ = ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? fd : -1;
}

}  // namespace xdpcap
