// SPDX-License-Identifier: BSD-3-Clause
#include "print/print_lines.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "print/packet_notes.hpp"
#include "print/print_account.hpp"
#include "process/child_process.hpp"
#include "process/pipe.hpp"

namespace xdpcap {
namespace {

// A program that decodes packets.
struct Dissector {
  std::vector<std::string> command;
  bool every_line;  // prints one line for each packet
};

const std::array<Dissector, 2>& dissectors() {
  static const std::array<Dissector, 2> known = {{
      {{"tcpdump", "-l", "-n", "-r", "-"}, false},
      {{"tshark", "-l", "-n", "-t", "a", "-r", "-"}, true},
  }};
  return known;
}

const Dissector& installed_dissector() {
  for (const Dissector& one : dissectors()) {
    if (is_installed(one.command.front())) return one;
  }
  throw Error("--print: there is neither tcpdump nor tshark", "install tcpdump");
}

struct Lines {
  std::string text;
  std::vector<std::size_t> packet_ends;  // of the first line of each packet
};

// LinePrinter moves data between the capture, the dissector, and stdout.
class LinePrinter {
 public:
  explicit LinePrinter(const Dissector& dissector)
      : every_line_(dissector.every_line),
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
    waiting_.assign(buffer.begin(), buffer.begin() + count);
    notes_.read(waiting_);
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
    Lines lines;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text_.find('\n', begin)) != std::string::npos;) {
      append_line(std::string_view(text_).substr(begin, end + 1 - begin), lines);
      begin = end + 1;
    }
    text_.erase(0, begin);
    write_out(lines);
  }

  void append_line(std::string_view line, Lines& lines) {
    constexpr std::size_t kWidth = 9;  // of "redirect", and a space
    const bool begins = every_line_ || begins_packet(line);
    PacketNote note = begins ? notes_.next() : PacketNote();
    note.action.resize(std::max(note.action.size() + 1, kWidth), ' ');
    lines.text += note.action;
    lines.text += line;
    if (!note.comment.empty()) lines.text.insert(lines.text.size() - 1, "  " + note.comment);
    if (begins) lines.packet_ends.push_back(lines.text.size());
  }

  void write_out(const Lines& lines) {
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

  bool every_line_;
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

void check_line_printer() {
  (void)installed_dissector();
}

void print_lines() {
  LinePrinter(installed_dissector()).run();
}

bool begins_packet(std::string_view line) {
  constexpr std::string_view kPattern = "00:00:00";
  if (line.size() < kPattern.size()) return false;
  return std::equal(kPattern.begin(), kPattern.end(), line.begin(), [](char pattern, char c) {
    return pattern == ':' ? c == ':' : std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

}  // namespace xdpcap
