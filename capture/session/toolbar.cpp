// SPDX-License-Identifier: BSD-3-Clause
#include "session/toolbar.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <exception>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "filter/expression.hpp"

namespace xdpcap {
namespace {

// The controls: the filter, a box for each action, and the log.
constexpr std::uint8_t kFilter = 0;
constexpr std::uint8_t kFirstAction = 1;
constexpr std::uint8_t kActions = 5;
constexpr std::uint8_t kLog = kFirstAction + kActions;

XdpAction action_of(std::uint8_t control) {
  return XdpAction(std::uint32_t{control} - kFirstAction);
}

// Opened for both directions, a FIFO needs nobody at its other end, and never ends.
UniqueFd open_pipe(const std::string& path) {
  UniqueFd pipe(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!pipe.valid()) throw system_error("opening the toolbar's pipe " + path, errno);
  return pipe;
}

// A status bar has one line.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string toolbar_controls() {
  const auto head = [](std::uint8_t number) {
    return "control {number=" + std::to_string(number) + "}";
  };
  std::string lines = head(kFilter) +
                      "{type=string}{display=Filter in the kernel}"
                      "{tooltip=Capture filter of the running capture. Empty: all packets.}\n";
  for (std::uint8_t control = kFirstAction; control < kLog; ++control) {
    const std::string name = action_of(control).name();
    lines += head(control);
    lines += "{type=boolean}{display=" + name + "}{default=true}";
    lines += "{tooltip=Capture packets with the action " + name + ".}\n";
  }
  return lines + head(kLog) +
         "{type=button}{role=logger}{display=Log}{tooltip=Show what was changed, and when.}\n";
}

Toolbar::Toolbar(const Options& options, Plan plan)
    : options_(options),
      plan_(std::move(plan)),
      in_(open_pipe(options.toolbar->in)),
      out_(open_pipe(options.toolbar->out)),
      end_(::eventfd(0, EFD_CLOEXEC)),
      filter_text_(options.filter_text) {
  if (!end_.valid()) throw system_error("creating an eventfd", errno);
}

void Toolbar::start() {
  thread_ = std::thread([this] { run(); });
}

void Toolbar::stop() {
  if (!thread_.joinable()) return;
  ::eventfd_write(end_.get(), 1);
  thread_.join();
}

void Toolbar::run() {
  std::array<char, 4096> buffer{};
  std::array<pollfd, 2> watched = {{{in_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
  while (true) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    const ssize_t size = ::read(in_.get(), buffer.data(), buffer.size());
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (size < 0) continue;
    try {
      decoder_.add({buffer.data(), static_cast<std::size_t>(size)});
      while (const auto message = decoder_.next()) obey(*message);
    } catch (const std::exception& error) {
      say(std::string("nothing changed: ") + error.what());
    }
  }
}

void Toolbar::obey(const ToolbarMessage& message) {
  if (message.command == ToolbarCommand::initialized) return show_state();
  if (message.command != ToolbarCommand::set || plan_.recorders == nullptr) return;
  if (message.control == kFilter) return set_filter(message.value);
  if (message.control < kFirstAction || message.control >= kLog) return;
  set_action(message.control, !message.value.empty() && message.value.front() != '\0');
}

// Wireshark enables all controls when the capture begins.
void Toolbar::show_state() const {
  const auto disable = [&](std::uint8_t control) {
    send({.control = control, .command = ToolbarCommand::disable});
  };
  if (filter_text_.size() <= kMostToolbarValue) {
    send({.control = kFilter, .command = ToolbarCommand::set, .value = filter_text_});
  }
  if (plan_.recorders == nullptr) disable(kFilter);
  for (std::uint8_t control = kFirstAction; control < kLog; ++control) {
    const auto& captured = plan_.actions;
    const XdpAction action = action_of(control);
    const bool is_captured = std::find(captured.begin(), captured.end(), action) != captured.end();
    const bool wanted = is_captured && !unwanted_.contains(action);
    send({.control = control,
          .command = ToolbarCommand::set,
          .value = std::string(1, wanted ? '\1' : '\0')});
    if (plan_.recorders == nullptr || !is_captured) disable(control);
  }
  if (plan_.recorders == nullptr) say("the toolbar can change nothing: " + plan_.why_not);
}

void Toolbar::set_filter(const std::string& text) {
  const std::string filter(trim(text));
  if (filter == filter_text_) return;
  try {
    change(filter, unwanted_);
  } catch (const std::exception& error) {
    say(std::string("filter not changed: ") + error.what());
  }
}

void Toolbar::set_action(std::uint8_t control, bool wanted) {
  const XdpAction action = action_of(control);
  const auto& captured = plan_.actions;
  if (std::find(captured.begin(), captured.end(), action) == captured.end()) return;
  if (wanted == !unwanted_.contains(action)) return;
  std::set<XdpAction> unwanted = unwanted_;
  if (wanted) {
    unwanted.erase(action);
  } else {
    unwanted.insert(action);
  }
  try {
    change(filter_text_, unwanted);
  } catch (const std::exception& error) {
    send({.control = control,
          .command = ToolbarCommand::set,
          .value = std::string(1, wanted ? '\0' : '\1')});
    say(std::string("actions not changed: ") + error.what());
  }
}

void Toolbar::change(const std::string& filter_text, const std::set<XdpAction>& unwanted) {
  const bool at_offsets = !options_.filter_offsets.empty();
  const CbpfProgram filter = compile_filter(filter_text, at_offsets ? kRawIp : options_.link_type);
  plan_.recorders->change(filter, unwanted);
  filter_text_ = filter_text;
  unwanted_ = unwanted;
  Recording::Note note{0, state()};
  {
    const std::scoped_lock lock(mutex_);
    note.time = monotonic_now();
    notes_.push_back(std::move(note));
  }
  say(state());
}

// `filter="icmp" actions=drop,tx`, as other comments in the file; without actions: all of them.
std::string Toolbar::state() const {
  // As much as a block in a ring may grow by (RingCursor::is_plausible()).
  constexpr std::size_t kMost = 1000;
  const bool is_long = filter_text_.size() > kMost;
  std::string text =
      "filter=\"" + one_line(filter_text_.substr(0, kMost)) + (is_long ? "..." : "") + '"';
  if (unwanted_.empty()) return text;
  std::vector<std::string> names;
  for (const XdpAction action : plan_.actions) {
    if (!unwanted_.contains(action)) names.push_back(action.name());
  }
  return text + " actions=" + (names.empty() ? "none" : join(names, ","));
}

// If Wireshark does not read, the message is left out.
void Toolbar::send(const ToolbarMessage& message) const {
  const std::string bytes = encode(message);
  [[maybe_unused]] const ssize_t written = ::write(out_.get(), bytes.data(), bytes.size());
}

void Toolbar::say(const std::string& text) const {
  const std::string line = one_line(text);
  send({.command = ToolbarCommand::status, .value = line});
  send({.control = kLog,
        .command = ToolbarCommand::add,
        .value = local_time("%H:%M:%S", std::time(nullptr)) + " " + line + "\n"});
}

std::vector<Recording::Note> Toolbar::take_notes() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(notes_, {});
}

}  // namespace xdpcap
