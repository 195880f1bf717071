// SPDX-License-Identifier: BSD-3-Clause
#include "process/guardian.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "process/process_title.hpp"

namespace xdpcap {
namespace {

// The kinds of orders to the guardian, and of its own reports.
constexpr char kLeave = 'l';
constexpr char kWatch = 'w';
constexpr char kCleanUp = 'c';
constexpr char kAlive = 'a';
constexpr char kDone = 'd';
constexpr char kFailed = 'f';

constexpr int kLookEveryMilliseconds = 1000;

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

void redirect_stdio_to_null() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
}

// Without CAP_SYS_RESOURCE the kernel may refuse it; then the guardian is as likely to be killed as
// any other small process.
void protect_from_oom_killer() {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  constexpr std::array<char, 5> kNever = {'-', '1', '0', '0', '0'};
  [[maybe_unused]] const ssize_t written = ::write(fd, kNever.data(), kNever.size());
  ::close(fd);
}

void daemonize(const Guardian::Duty& duty, int socket) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  std::vector<int> kept = duty.descriptors;
  kept.push_back(socket);
  redirect_stdio_to_null();
  close_all_but(std::move(kept));
  protect_from_oom_killer();
  set_process_title(duty.title, "xdpcap-guardian");
}

// If another process lowered the capture's limit (prlimit(2)), it may have lowered this one, too.
void raise_descriptor_limit() {
  constexpr rlim_t kPlenty = 4096;
  rlimit limit{kPlenty, kPlenty};
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Returns the answer to the order. Closing stdio, which is /dev/null, frees three descriptors in
// case no others are available.
Message clean_up(const Guardian::Duty& duty) {
  Message answer{.kind = kDone};
  raise_descriptor_limit();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
  try {
    duty.clean_up();
  } catch (const std::exception& error) {
    answer = {.kind = kFailed, .text = error.what()};
  }
  redirect_stdio_to_null();
  return answer;
}

// Serves orders until it is told to leave (false) or the capture has ended (true).
bool serve(const Guardian::Duty& duty, MessageSocket& socket) {
  const Guardian::Report report(socket);
  bool looks = false;
  const auto look = [&] {
    report.alive();
    duty.look(report);
  };
  while (!socket.ended()) {
    if (!socket.wait(looks ? kLookEveryMilliseconds : -1)) {
      look();
      continue;
    }
    const auto order = socket.receive();
    if (!order) continue;
    if (order->kind == kLeave) return false;
    if (order->kind == kWatch) {
      looks = true;
      look();
    }
    if (looks && std::isupper(static_cast<unsigned char>(order->kind)) != 0) {
      duty.take_order(*order, report);
    }
    if (order->kind == kCleanUp) {
      looks = false;
      report.alive();
      static_cast<void>(socket.send(clean_up(duty)));
    }
  }
  return true;
}

// The capture's end of the socket was closed while it was exiting. Once its children have another
// parent, all its descriptors have been closed, and with them the BPF links that only it had.
void wait_until_ended(pid_t capture) {
  constexpr int kLooks = 5000;
  constexpr std::chrono::milliseconds kLook{1};
  for (int i = 0; ::getppid() == capture && i < kLooks; ++i) std::this_thread::sleep_for(kLook);
}

void run(const Guardian::Duty& duty, MessageSocket& socket, pid_t capture) {
  if (!serve(duty, socket)) return;
  wait_until_ended(capture);
  constexpr int kTries = 60;  // what is missing may become available again
  for (int i = 0; clean_up(duty).kind != kDone && i < kTries; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (duty.rescue) duty.rescue();
}

}  // namespace

void Guardian::Report::alive() const {
  static_cast<void>(socket_.send({.kind = kAlive}));
}

Guardian::Guardian(const Duty& duty) {
  const pid_t capture = ::getpid();
  auto [ours, its] = MessageSocket::make_pair();
  pid_ = ::fork();
  if (pid_ < 0) throw system_error("starting a guardian", errno);
  if (pid_ > 0) {
    socket_ = std::move(ours);
    return;
  }
  ours.close();
  try {
    daemonize(duty, its.fd());
    run(duty, its, capture);
  } catch (...) {  // there is nowhere to report it
  }
  ::_exit(0);
}

Guardian::Guardian(Guardian&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::move(other.socket_)) {}

Guardian& Guardian::operator=(Guardian&& other) noexcept {
  if (this == &other) return *this;
  dismiss();
  pid_ = std::exchange(other.pid_, -1);
  socket_ = std::move(other.socket_);
  clean_up_ = CleanUp::not_asked;
  return *this;
}

bool Guardian::alive() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

bool Guardian::has_died() {
  return pid_ > 0 && !alive();
}

void Guardian::watch() {
  order({.kind = kWatch});
}

void Guardian::clean_up() {
  clean_up_ = CleanUp::waiting;
  order({.kind = kCleanUp});
}

std::vector<Message> Guardian::receive() {
  std::vector<Message> reports;
  while (auto message = socket_.receive()) {
    heard_ = true;
    if (message->kind == kDone) clean_up_ = CleanUp::done;
    if (message->kind == kFailed) {
      clean_up_ = CleanUp::failed;
      failure_ = message->text;
    }
    if (std::isupper(static_cast<unsigned char>(message->kind)) != 0) {
      reports.push_back(std::move(*message));
    }
  }
  return reports;
}

void Guardian::dismiss() noexcept {
  if (alive()) {
    order({.kind = kLeave});
    ::kill(pid_, SIGKILL);  // it may be stopped (SIGSTOP), and its work is done
    constexpr int kLooks = 500;
    constexpr std::chrono::milliseconds kLook{2};
    for (int i = 0; alive() && i < kLooks; ++i) std::this_thread::sleep_for(kLook);
  }
  pid_ = -1;
}

}  // namespace xdpcap
