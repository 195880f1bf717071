// SPDX-License-Identifier: BSD-3-Clause
// How packets are printed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace xdpcap {

// The time in front of a packet, by the number of tcpdump's -t.
enum class PrintTime : std::uint8_t {
  clock,           // 12:00:05.250000
  none,            // -t
  epoch,           // -tt: seconds since 1970
  since_previous,  // -ttt
  date,            // -tttt: with the day
  since_first,     // -ttttt
};

enum class Color : std::uint8_t { automatic, always, never };

struct PrintStyle {
  PrintTime time = PrintTime::clock;
  Color color = Color::automatic;
  bool number = false;                  // a number in front of each packet
  std::vector<std::string> words = {};  // further options for tcpdump: "-e", "-v", ...

  // As arguments of another process, and back.
  [[nodiscard]] std::vector<std::string> arguments() const;
  static PrintStyle of_arguments(std::span<const std::string> arguments);
};

}  // namespace xdpcap
