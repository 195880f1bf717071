// SPDX-License-Identifier: BSD-3-Clause
// The options for the files of a capture, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "output/flight_options.hpp"
#include "output/rotation.hpp"
#include "print/print_style.hpp"
#include "process/privileges.hpp"

namespace xdpcap {

// When a capture starts a new file, and when it ends.
struct CaptureLimits {
  Rotation rotation;
  std::uint64_t packets = kUnlimited;  // written
  std::uint64_t duration = 0;          // ns; 0: until it is stopped
  std::string command;                 // run with the name of each complete file
};

struct FileOptions {
  std::string path;  // "-" is stdout
  CaptureLimits limits;
  std::optional<FlightOptions> flight;  // then files are written on triggers only
  bool print = false;                   // a line for each packet on stdout
  PrintStyle print_style;
  std::optional<User> user;  // to become after the set-up; writes the files
};

}  // namespace xdpcap
