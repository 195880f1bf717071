// SPDX-License-Identifier: BSD-3-Clause
// Draws the live view as lines of text, for a terminal of any size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "top/top_table.hpp"

namespace xdpcap {

// What the terminal can show.
struct TopStyle {
  bool colour = false;
  bool utf8 = false;  // block characters; otherwise ASCII
};

struct TopSize {
  std::size_t columns = 80;
  std::size_t lines = 24;  // 0: as many as there are
};

// What is shown besides the table.
struct TopStatus {
  TopOrder order = TopOrder::fixed;
  std::size_t scrolled = 0;  // rows that are above the first one
  bool is_paused = false;
  std::uint64_t seconds = 0;  // since the beginning
  std::string filter;         // empty: all packets
  std::string news;           // the last line for the user; empty: the keys
};

// At most `size.lines` lines, each at most `size.columns` wide, without their ends.
std::vector<std::string> top_frame(const TopTable& table, const TopStatus& status, TopSize size,
                                   TopStyle style);

// The rates of the last seconds, each as one character, the highest as the highest one. Older ones
// than `width` are left out.
std::string sparkline(const std::deque<double>& rates, std::size_t width, bool utf8);

}  // namespace xdpcap
