// SPDX-License-Identifier: BSD-3-Clause
// When a capture's file is followed by another, and when the last one is full.
#pragma once

#include <cstdint>

namespace xdpcap {

inline constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

// The limits of a file. It ends with the packet that reaches one of them; the statistics after that
// packet are not counted.
struct FileLimits {
  std::uint64_t bytes = kUnlimited;  // before compression
  std::uint64_t packets = kUnlimited;

  [[nodiscard]] bool any() const { return bytes != kUnlimited || packets != kUnlimited; }
};

struct Rotation {
  enum class Names : std::uint8_t {
    tcpdump,  // strftime() and a number at the end, as its -C, -G and -W
    dumpcap,  // a number and the date before the extension, as its -b
  };
  Names names = Names::tcpdump;
  FileLimits each = {};
  std::uint64_t every = 0;  // ns; 0: no time limit for a file
  // A file ends when the time since 1970 is a multiple of `every`, not when it is that old.
  bool at_multiples = false;
  std::uint32_t ring = 0;  // the number of files kept; 0: all
  // The most files; the capture ends with the last one.
  std::uint64_t files = kUnlimited;

  [[nodiscard]] bool one_file() const { return files == 1 || (!each.any() && every == 0); }
};

}  // namespace xdpcap
