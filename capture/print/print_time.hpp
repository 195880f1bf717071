// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "print/print_style.hpp"

namespace xdpcap {

// TimeText formats the times of packets, one after the other, as tcpdump does.
class TimeText {
 public:
  explicit TimeText(PrintTime format) : format_(format) {}

  // `time`: ns since 1970. With a space at the end; empty for PrintTime::none.
  std::string of(std::uint64_t time);

 private:
  std::string difference(std::uint64_t microseconds);

  PrintTime format_;
  std::optional<std::uint64_t> reference_;  // us: of the previous or the first packet
};

}  // namespace xdpcap
