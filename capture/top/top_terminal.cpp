// SPDX-License-Identifier: BSD-3-Clause
#include "top/top_terminal.hpp"

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace xdpcap {
namespace {

// ECMA-48, and the private modes of xterm that all terminals of today have: 1049, the alternate
// screen; 25, the cursor.
constexpr const char* kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr const char* kLeave = "\x1b[?25h\x1b[?1049l";
constexpr const char* kHome = "\x1b[H";
constexpr const char* kEndOfLine = "\x1b[K";
constexpr const char* kEndOfScreen = "\x1b[J";

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

bool is_in_foreground() {
  const pid_t foreground = ::tcgetpgrp(STDOUT_FILENO);
  return foreground < 0 || foreground == ::getpgrp();
}

// Without changing the locale of this process, which would change its messages.
bool has_utf8() {
  locale_t locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) return false;
  const bool has = std::string_view(::nl_langinfo_l(CODESET, locale)) == "UTF-8";
  ::freelocale(locale);
  return has;
}

}  // namespace

TopTerminal::TopTerminal()
    : terminal_(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)),
      can_redraw_(is_terminal()),
      has_keys_(can_redraw_ && ::isatty(STDIN_FILENO) == 1),
      style_{.colour = can_redraw_ && !is_set("NO_COLOR"), .utf8 = has_utf8()} {}

// A frame that a stopped terminal (^S) does not take is dropped. False if there is no reader.
bool TopTerminal::write(std::string_view text) const {
  constexpr int kTimeoutMilliseconds = 500;
  while (!text.empty()) {
    pollfd reader{fd(), POLLOUT, 0};
    if (::poll(&reader, 1, kTimeoutMilliseconds) <= 0) return true;
    const ssize_t count = ::write(fd(), text.data(), text.substr(0, 4096).size());
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

TopSize TopTerminal::size() const {
  if (!can_redraw_) return {.columns = 79, .lines = 0};
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {.columns = 79};
  return {.columns = std::size_t{size.ws_col} - (size.ws_col > 1 ? 1 : 0), .lines = size.ws_row};
}

void TopTerminal::enter() {
  if (!can_redraw_ || is_entered_ || !is_in_foreground()) return;
  is_entered_ = true;
  if (has_keys_ && ::tcgetattr(fd(), &before_) == 0) {
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(fd(), TCSADRAIN, &keys);
  } else {
    has_keys_ = false;
  }
  write(kEnter);
}

void TopTerminal::leave() {
  if (!is_entered_) return;
  is_entered_ = false;
  if (has_keys_) ::tcsetattr(fd(), TCSANOW, &before_);
  write(kLeave);
}

bool TopTerminal::show(const std::vector<std::string>& lines) const {
  if (!is_entered_) return true;
  std::string text = kHome;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += (i == 0 ? "" : "\r\n") + lines[i] + kEndOfLine;
  }
  return write(text + kEndOfScreen);
}

bool TopTerminal::print(const std::vector<std::string>& lines) const {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return write(text);
}

}  // namespace xdpcap
