// SPDX-License-Identifier: BSD-3-Clause
#include "print/print_lines.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "print/packet_lines.hpp"
#include "print/packet_notes.hpp"
#include "print/print_account.hpp"
#include "process/child_process.hpp"
#include "process/pipe.hpp"

namespace xdpcap {
namespace {

// A program that decodes packets.
struct Dissector {
  std::vector<std::string> command;
  bool marked;  // it prints times in such a way that marks are found
};

Dissector tcpdump(const PrintStyle& style) {
  Dissector dissector{{"tcpdump", "-l", "-n", "-tt"}, true};
  std::vector<std::string>& command = dissector.command;
  command.insert(command.end(), style.words.begin(), style.words.end());
  command.insert(command.end(), {"-r", "-"});
  return dissector;
}

// It prints a line for each packet, always with its number.
Dissector tshark(const PrintStyle& style) {
  constexpr std::array kTimes = {"a", "a", "e", "d", "ad", "r"};  // by PrintTime
  return {{"tshark", "-l", "-n", "-t", kTimes.at(static_cast<std::size_t>(style.time)), "-r", "-"},
          false};
}

Dissector installed_dissector(const PrintStyle& style) {
  if (is_installed("tcpdump")) return tcpdump(style);
  if (!is_installed("tshark")) {
    throw Error("printing packets: there is neither tcpdump nor tshark", "install tcpdump");
  }
  if (style.words.empty()) return tshark(style);
  throw Error("printing packets: " + style.words.front() + " needs tcpdump", "install tcpdump");
}

// Whether it takes them depends on its version: it reads a file without packets.
void check_words(const std::vector<std::string>& command, const std::string& words) {
  constexpr std::uint32_t kEthernet = 1;
  constexpr std::array<std::uint32_t, 6> kEmptyFile = {0xa1b2c3d4, 2U | 4U << 16U, 0,
                                                       0,          262144,         kEthernet};
  Pipe pipe = make_pipe(true);
  if (::write(pipe.write_end.get(), kEmptyFile.data(), sizeof(kEmptyFile)) < 0) {
    throw system_error("printing packets", errno);
  }
  pipe.write_end.reset();
  ChildProcess child({.command = command, .in = pipe.read_end.get(), .silent = true});
  child.wait(-1);
  if (child.failure().empty()) return;
  throw Error("printing packets: the installed tcpdump does not take " + words,
              "try them as in: tcpdump -r FILE " + words);
}

// 0: stdout is no terminal.
std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// LinePrinter moves data between the capture, the dissector, and stdout.
class LinePrinter {
 public:
  LinePrinter(const PrintStyle& style, const Dissector& dissector)
      : marked_(dissector.marked),
        lines_(style, dissector.marked),
        to_(make_pipe(false)),
        from_(make_pipe(true)),
        account_(ChildProcess::kExtra),
        process_({.command = dissector.command,
                  .in = to_.read_end.get(),
                  .out = from_.write_end.get(),
                  .silent = true}) {
    to_.read_end.reset();
    from_.write_end.reset();
  }

  void run() {
    while (from_.read_end.valid()) {
      std::array<pollfd, 4> fds = {pollfd{from_.read_end.get(), POLLIN, 0},
                                   pollfd{to_.write_end.get(), POLLOUT, 0},
                                   pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
      if (waiting_.empty()) fds[1].fd = -1;
      if (!waiting_.empty() || at_end_ || !to_.write_end.valid()) fds[2].fd = -1;
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
        throw system_error("printing packets", errno);
      }
      if ((fds[3].revents & (POLLERR | POLLHUP)) != 0) stop_without_reader();
      if (fds[0].revents != 0) take_lines();
      if (fds[1].revents != 0) give_blocks();
      if (fds[2].revents != 0) take_blocks();
      if (at_end_ && waiting_.empty()) to_.write_end.reset();
    }
    process_.wait(-1);
    const std::string failure = process_.failure();
    if (!failure.empty()) throw Error("printing packets: " + failure, "no more are printed");
    if (!at_end_) throw Error("printing packets: " + process_.name() + " ended before the capture");
  }

 private:
  void take_blocks() {
    std::array<std::byte, 65536> buffer{};
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) {
      at_end_ = true;
      return;
    }
    notes_.read({buffer.data(), static_cast<std::size_t>(count)});
    waiting_ = notes_.take_blocks(marked_);
  }

  void give_blocks() {
    const ssize_t count = ::write(to_.write_end.get(), waiting_.data(), waiting_.size());
    if (count > 0) waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {  // its exit code is reported at the end
      waiting_.clear();
      to_.write_end.reset();
    }
  }

  void take_lines() {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(from_.read_end.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) {
      from_.read_end.reset();
      return;
    }
    text_.append(buffer.data(), static_cast<std::size_t>(count));
    lines_.set_width(terminal_width());
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text_.find('\n', begin)) != std::string::npos;) {
      lines_.append(std::string_view(text_).substr(begin, end + 1 - begin), notes_);
      begin = end + 1;
    }
    text_.erase(0, begin);
    write_out(lines_.take());
  }

  void write_out(const PacketLines::Lines& lines) {
    auto next_packet = lines.packet_ends.begin();
    for (std::size_t done = 0; done < lines.text.size();) {
      const ssize_t count =
          ::write(STDOUT_FILENO, lines.text.data() + done, lines.text.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EPIPE) stop_without_reader();
      if (count < 0) throw system_error("printing packets", errno);
      done += static_cast<std::size_t>(count);
      for (; next_packet != lines.packet_ends.end() && *next_packet <= done; ++next_packet) {
        ++state_.printed;
      }
      account_.report(state_);
    }
  }

  [[noreturn]] void stop_without_reader() {
    state_.reader_gone = 1;
    account_.report(state_);
    throw Stopped();
  }

  bool marked_;
  PacketLines lines_;
  Pipe to_;
  Pipe from_;
  PrintAccount account_;
  PrintAccount::State state_;
  ChildProcess process_;
  PacketNotes notes_;
  std::vector<std::byte> waiting_;  // blocks for the dissector
  bool at_end_ = false;             // of the capture
  std::string text_;                // an incomplete line
};

}  // namespace

void check_line_printer(const PrintStyle& style) {
  const Dissector dissector = installed_dissector(style);
  const bool has_values = std::ranges::any_of(
      style.words, [](const std::string& word) { return !word.starts_with('-'); });
  if (has_values) check_words(dissector.command, join(style.words, " "));
}

void print_lines(const PrintStyle& style) {
  LinePrinter(style, installed_dissector(style)).run();
}

}  // namespace xdpcap
