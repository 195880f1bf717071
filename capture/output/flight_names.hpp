// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <ctime>
#include <deque>
#include <optional>
#include <string>

#include "output/file_names.hpp"
#include "output/rotation.hpp"

namespace xdpcap {

// FlightNames are the names of a flight recording's files, as -C makes them (out.pcap, out.pcap1),
// or -G if the path is a format for strftime(3). With `ring` (-W), that many files are kept.
class FlightNames {
 public:
  FlightNames(std::string path, std::uint32_t ring);

  // The name of a file that is begun at `now` (seconds since 1970).
  const std::string& next(std::time_t now);
  [[nodiscard]] const std::string& current() const { return current_; }
  // After next(): the file to be removed because the ring has no room for it.
  std::optional<std::string> outdated();

 private:
  std::string path_;
  Rotation rotation_;
  FileNames::Turn turn_ = FileNames::Turn::full;
  std::optional<FileNames> names_;
  std::string current_;
  std::deque<std::string> kept_;  // if names have dates
};

}  // namespace xdpcap
