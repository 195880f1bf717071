// SPDX-License-Identifier: BSD-3-Clause
#include "top/top_screen.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "base/tell.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::chrono::seconds kNewsFor{10};

UniqueFd block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGWINCH);
  sigaddset(&signals, SIGTSTP);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) throw system_error("waiting for signals of the terminal", errno);
  return fd;
}

// As ^C does.
void end_program() {
  ::kill(::getpid(), SIGINT);
}

}  // namespace

// What a capture sees of the screen. Its functions only copy counts.
class TopScreen::View final : public Renderer {
 public:
  explicit View(TopScreen& screen) : screen_(screen) {}

  std::vector<std::string> show(const Report& report) override {
    screen_.update(report);
    return {};
  }
  std::vector<std::string> finish(const Report& report) override { return show(report); }
  // In the guardian, which has no thread that draws.
  void abandon(const Report& /*report*/) override { screen_.terminal_.leave(); }
  [[nodiscard]] std::vector<int> descriptors() const override { return {screen_.terminal_.fd()}; }

 private:
  TopScreen& screen_;
};

TopScreen::TopScreen(const std::string& filter)
    : signals_(block_signals()), wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wakeup_.valid()) throw system_error("waking the live view", errno);
  status_.filter = filter;
}

void TopScreen::start() {
  terminal_.enter();
  if (terminal_.can_redraw()) tell_elsewhere([this](std::string_view text) { note(text); });
  thread_ = std::thread([this] { run(); });
}

void TopScreen::stop() {
  if (!thread_.joinable()) return;
  stops_ = true;
  ::eventfd_write(wakeup_.get(), 1);
  thread_.join();
  tell_elsewhere({});
  if (!terminal_.can_redraw()) return;
  terminal_.leave();
  status_.scrolled = 0;
  status_.is_paused = false;
  TopSize size = terminal_.size();
  size.lines = 0;
  terminal_.print(top_frame(table_, status(), size, terminal_.style()));
}

std::unique_ptr<Renderer> TopScreen::begin_capture(std::vector<std::string> uncounted) {
  const std::scoped_lock lock(mutex_);
  table_.begin_capture(std::move(uncounted));
  return std::make_unique<View>(*this);
}

void TopScreen::update(const Report& report) {
  const std::scoped_lock lock(mutex_);
  table_.update(report);
  ::eventfd_write(wakeup_.get(), 1);
}

void TopScreen::note(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  news_ = trim(text);
  news_until_ = std::chrono::steady_clock::now() + kNewsFor;
  ::eventfd_write(wakeup_.get(), 1);
}

TopStatus TopScreen::status() {
  const auto now = std::chrono::steady_clock::now();
  TopStatus status = status_;
  status.seconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now - start_).count());
  if (now < news_until_) status.news = news_;
  return status;
}

void TopScreen::run() {
  if (terminal_.can_redraw()) draw();
  while (!stops_) {
    std::array<pollfd, 3> events = {{{wakeup_.get(), POLLIN, 0},
                                     {signals_.get(), POLLIN, 0},
                                     {terminal_.keys_fd(), POLLIN, 0}}};
    if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
    eventfd_t count = 0;
    ::eventfd_read(wakeup_.get(), &count);
    if (stops_) return;
    if (events[1].revents != 0) take_signals();
    if (events[2].revents != 0) take_keys();
    if (terminal_.can_redraw() || count > 0) draw();
  }
}

void TopScreen::draw() {
  terminal_.enter();
  std::vector<std::string> lines;
  {
    const std::scoped_lock lock(mutex_);
    lines = top_frame(status_.is_paused ? shown_ : table_, status(), terminal_.size(),
                      terminal_.style());
  }
  if (terminal_.can_redraw()) {
    if (!terminal_.show(lines)) end_program();
    return;
  }
  lines.emplace_back();
  if (!terminal_.print(lines)) end_program();
}

void TopScreen::take_signals() {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
    if (signal.ssi_signo == SIGTSTP) suspend();
  }
}

// ^Z. The kernel goes on counting. SIGSTOP stops the whole process; sent to this thread, it does so
// before the next line.
void TopScreen::suspend() {
  terminal_.leave();
  ::pthread_kill(::pthread_self(), SIGSTOP);
  terminal_.enter();
}

void TopScreen::take_keys() {
  std::array<char, 64> keys{};
  const ssize_t count = ::read(terminal_.keys_fd(), keys.data(), keys.size());
  if (count <= 0) return end_program();  // the terminal is gone
  const std::string_view typed(keys.data(), static_cast<std::size_t>(count));
  const std::scoped_lock lock(mutex_);
  if (typed == "\x1b[A" || typed == "\x1bOA") return take_key('k');
  if (typed == "\x1b[B" || typed == "\x1bOB") return take_key('j');
  if (typed.front() == '\x1b') return;  // another key
  for (const char key : typed) take_key(key);
}

void TopScreen::take_key(char key) {
  switch (key) {
    case 'q':
      return end_program();
    case 'p':
    case ' ':
      status_.is_paused = !status_.is_paused;
      shown_ = status_.is_paused ? table_ : TopTable();
      return;
    case 'r':
      table_.reset();
      return;
    case 's':
      status_.order = status_.order == TopOrder::fixed  ? TopOrder::rate
                      : status_.order == TopOrder::rate ? TopOrder::packets
                                                        : TopOrder::fixed;
      return;
    case 'j':
      if (status_.scrolled < table_.rows(status_.order).size()) ++status_.scrolled;
      return;
    case 'k':
      if (status_.scrolled > 0) --status_.scrolled;
      return;
    default:
      return;
  }
}

}  // namespace xdpcap
