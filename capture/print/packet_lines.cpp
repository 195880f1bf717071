// SPDX-License-Identifier: BSD-3-Clause
#include "print/packet_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace xdpcap {
namespace {

constexpr std::size_t kColumn = 9;  // of "redirect", and a space

// NO_COLOR: https://no-color.org.
bool wants_color(Color color) {
  if (color != Color::automatic) return color == Color::always;
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool is_refused = (no_color != nullptr && *no_color != '\0') ||
                          (terminal != nullptr && std::string_view(terminal) == "dumb");
  return !is_refused && ::isatty(STDOUT_FILENO) != 0;
}

// The parameters of ECMA-48's SGR; empty: as other text.
std::string_view color_of(std::string_view action) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kColors = {{
      {"aborted", "1;31"},  // bold red
      {"drop", "31"},       // red
      {"pass", "32"},       // green
      {"tx", "33"},         // yellow
      {"redirect", "36"},   // cyan
  }};
  const auto* const known = std::find_if(kColors.begin(), kColors.end(),
                                         [&](const auto& one) { return one.first == action; });
  return known == kColors.end() ? std::string_view() : known->second;
}

}  // namespace

PacketLines::PacketLines(const PrintStyle& style, bool marked)
    : marked_(marked),
      has_number_(style.number && marked),
      has_color_(wants_color(style.color)),
      time_(style.time) {}

void PacketLines::append(std::string_view line, PacketNotes& notes) {
  const auto note = marked_ ? notes.take_for(line) : notes.take();
  if (!note) {
    lines_.text.append(column_, ' ').append(line);
    return;
  }
  const bool begins_with_mark = marked_ && note->has_time;
  begin_packet(line.substr(begins_with_mark ? note->mark.size() : 0), *note);
}

void PacketLines::begin_packet(std::string_view line, const PacketNote& note) {
  ++packets_;
  const std::string front = this->front(note);
  const std::string_view text = line.substr(0, line.find('\n'));
  append_action(note.action);
  lines_.text.append(front).append(text);
  const std::size_t length = std::max(column_, note.action.size() + 1) + front.size() + text.size();
  if (!note.comment.empty()) {
    // In a narrow terminal the comment has a line of its own, rather than one that is broken.
    const bool fits = width_ == 0 || length + 2 + note.comment.size() <= width_;
    lines_.text += fits ? "  " : "\n" + std::string(std::max(column_, std::size_t{2}), ' ');
    lines_.text += note.comment;
  }
  lines_.text += '\n';
  lines_.packet_ends.push_back(lines_.text.size());
}

void PacketLines::append_action(const std::string& action) {
  if (!action.empty()) column_ = kColumn;
  if (column_ == 0) return;
  const std::size_t word = action.rfind(' ') + 1;  // after a source
  const std::string_view color =
      has_color_ ? color_of(std::string_view(action).substr(word)) : std::string_view();
  if (color.empty()) {
    lines_.text += action;
  } else {
    lines_.text.append(action, 0, word).append("\x1b[").append(color).append("m");
    lines_.text.append(action, word).append("\x1b[0m");
  }
  lines_.text.append(std::max(column_, action.size() + 1) - action.size(), ' ');
}

std::string PacketLines::front(const PacketNote& note) {
  if (!marked_) return {};  // the dissector has printed both
  std::string front;
  if (has_number_) {
    constexpr std::size_t kWidth = 5;
    const std::string number = std::to_string(packets_);
    front = std::string(kWidth - std::min(kWidth, number.size()), ' ') + number + "  ";
  }
  return note.has_time ? front + time_.of(note.time) : front;
}

PacketLines::Lines PacketLines::take() {
  return std::exchange(lines_, {});
}

}  // namespace xdpcap
