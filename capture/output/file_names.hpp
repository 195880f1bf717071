// SPDX-License-Identifier: BSD-3-Clause
// The names of a capture's files, computed without touching any.
#pragma once

#include <cstdint>
#include <ctime>
#include <deque>
#include <optional>
#include <string>

#include "output/rotation.hpp"

namespace xdpcap {

class FileNames {
 public:
  enum class Turn : std::uint8_t { full, time };  // why a file ended

  // `path` is as the user typed it. `now`: seconds since 1970; names have the local time.
  FileNames(std::string path, const Rotation& rotation, std::time_t now);

  [[nodiscard]] const std::string& current() const { return current_; }
  // Advances to the next name.
  const std::string& next(Turn turn, std::time_t now);
  // The file to be removed because the ring has no room for it; each only once.
  std::optional<std::string> outdated();

 private:
  [[nodiscard]] std::string dated(std::time_t now) const;
  [[nodiscard]] std::string tcpdump_name() const;
  [[nodiscard]] std::string dumpcap_name(std::time_t now) const;

  std::string stem_;    // without the compressor's suffix
  std::string suffix_;  // ".gz", or nothing
  Rotation rotation_;
  std::string dated_;
  std::uint64_t count_ = 0;
  std::string current_;
  std::deque<std::string> kept_;  // of dumpcap's ring
};

}  // namespace xdpcap
