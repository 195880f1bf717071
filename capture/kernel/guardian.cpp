// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/guardian.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/error.hpp"
#include "kernel/process_title.hpp"

namespace xdpcap {
namespace {

enum class Order : char { leave = 'l', clean_up = 'c', done = 'd' };

void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = STDERR_FILENO + 1;
  const auto close_range = [](unsigned from, unsigned to) {
    if (from <= to) ::syscall(SYS_close_range, from, to, 0);
  };
  for (const int fd : kept) {
    if (std::cmp_less(fd, first)) continue;
    close_range(first, static_cast<unsigned>(fd) - 1);
    first = static_cast<unsigned>(fd) + 1;
  }
  close_range(first, ~0U);
}

void let_go_of_stdio() {
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
}

// The kernel may refuse it to those without CAP_SYS_RESOURCE: then it is as likely to be chosen as
// any other small process.
void ask_to_be_spared() {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  constexpr std::array<char, 5> kNever = {'-', '1', '0', '0', '0'};
  [[maybe_unused]] const ssize_t written = ::write(fd, kNever.data(), kNever.size());
  ::close(fd);
}

void settle(const Guardian::Duty& duty, int line) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  std::vector<int> kept = duty.descriptors;
  kept.push_back(line);
  let_go_of_stdio();
  close_all_but(std::move(kept));
  ask_to_be_spared();
  set_process_title(duty.title, "xdpcap-guardian");
}

// The next order, or nothing when the other side is gone.
bool receive(int line, Order& order) {
  ssize_t count = 0;
  do {
    count = ::recv(line, &order, sizeof(order), 0);
  } while (count < 0 && errno == EINTR);
  return count == sizeof(order);
}

bool send(int line, Order order) {
  return ::send(line, &order, sizeof(order), MSG_NOSIGNAL) == sizeof(order);
}

void stand_guard(const Guardian::Duty& duty, int line) {
  auto order = Order::leave;
  while (receive(line, order)) {
    if (order == Order::leave) return;
    duty.clean_up();
    send(line, Order::done);
  }
  duty.clean_up();
  if (duty.rescue) duty.rescue();
}

}  // namespace

Guardian::Guardian(const Duty& duty) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw system_error("starting a guardian", errno);
  }
  line_.reset(ends[0]);
  const UniqueFd its_end(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) throw system_error("starting a guardian", errno);
  if (pid_ > 0) return;
  try {
    settle(duty, its_end.get());
    stand_guard(duty, its_end.get());
  } catch (...) {  // nobody is left to tell
  }
  ::_exit(0);
}

Guardian::Guardian(Guardian&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), line_(std::move(other.line_)) {}

Guardian& Guardian::operator=(Guardian&& other) noexcept {
  if (this == &other) return *this;
  dismiss();
  pid_ = std::exchange(other.pid_, -1);
  line_ = std::move(other.line_);
  return *this;
}

bool Guardian::alive() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

bool Guardian::has_died() {
  return pid_ > 0 && !alive();
}

bool Guardian::clean_up() {
  auto answer = Order::done;
  return alive() && send(line_.get(), Order::clean_up) && receive(line_.get(), answer);
}

void Guardian::dismiss() noexcept {
  if (!alive()) return;
  send(line_.get(), Order::leave);
  line_.reset();
  ::kill(pid_, SIGKILL);  // somebody may have stopped it, and its work is done
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace xdpcap
