// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "print/packet_notes.hpp"
#include "print/print_style.hpp"
#include "print/print_time.hpp"

namespace xdpcap {

// PacketLines turns the lines of a dissector into those that are shown: with the action in front,
// the number and the time as they were asked for, and the comment after a packet's first line.
class PacketLines {
 public:
  // `marked`: a packet's first line begins with its mark; otherwise each line is a packet.
  PacketLines(const PrintStyle& style, bool marked);

  // Takes the next line of the dissector, with its end.
  void append(std::string_view line, PacketNotes& notes);
  // For lines from now on: the width of the terminal; 0: none.
  void set_width(std::size_t width) { width_ = width; }

  struct Lines {
    std::string text;
    std::vector<std::size_t> packet_ends;  // of the first line of each packet
  };
  // The lines since the last call.
  Lines take();

 private:
  void begin_packet(std::string_view line, const PacketNote& note);
  void append_action(const std::string& action);
  [[nodiscard]] std::string front(const PacketNote& note);

  bool marked_;
  bool has_number_;
  bool has_color_;
  TimeText time_;
  std::size_t width_ = 0;
  std::size_t column_ = 0;  // of the actions: none before the first action
  std::uint64_t packets_ = 0;
  Lines lines_;
};

}  // namespace xdpcap
