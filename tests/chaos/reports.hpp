// SPDX-License-Identifier: BSD-3-Clause
// The reports on a capture's stderr that the model waits for. Their wording is in one table, in
// reports.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chaos/failure.hpp"

namespace xdpcap::chaos {

enum class News : std::uint8_t {
  slot_repaired,    // a slot had lost the recorder, and calls it again
  slot_taken,       // a slot has lost the recorder, and it could not be reinstalled yet
  guardian_killed,  // whether or not another one was started
  pin_gone,         // the hook was unpinned
  pin_back,         // the same hook is pinned again
  pin_replaced,     // another hook is pinned there: the capture stays with its own
  followed,         // another hook is pinned there: the capture has moved to it
  no_program,       // no loaded program uses the hook
  program_back,     // a program uses it again
  write_failed,     // the output cannot be written to
  error,            // "xdpcap-cpp: ...": the error with which it ends
};

struct Report {
  News news{};
  std::optional<unsigned> action{};  // of the slot
  Time time = 0;                     // when it was read
};

// The report in a line of stderr; nothing if it is none of these.
std::optional<Report> read_report(std::string_view line);

// "12 packets lost of 345 that matched: ..."
struct Loss {
  std::uint64_t lost = 0;
  std::uint64_t matched = 0;
};
std::optional<Loss> read_loss(std::string_view err);

}  // namespace xdpcap::chaos
