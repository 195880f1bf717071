// SPDX-License-Identifier: BSD-3-Clause
// Messages between Wireshark's toolbar and its extcap (Wireshark Developer's Guide, extcap). Each:
//
//   'T' | length, 3 bytes, big endian | control | command | value, length - 2 bytes
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpcap {

enum class ToolbarCommand : std::uint8_t {
  initialized = 0,  // from Wireshark: it has sent the values that the user has set
  set = 1,
  add = 2,  // to a log: a line
  remove = 3,
  enable = 4,
  disable = 5,
  status = 6,  // shows a text in the status bar
};

struct ToolbarMessage {
  // The control of messages that concern none.
  static constexpr std::uint8_t kNone = 255;

  std::uint8_t control = kNone;
  ToolbarCommand command = ToolbarCommand::initialized;
  std::string value = {};

  friend bool operator==(const ToolbarMessage&, const ToolbarMessage&) = default;
};

// The most bytes of a value that is sent. A message is then small enough to be written to a pipe as
// a whole or not at all (PIPE_BUF).
inline constexpr std::size_t kMostToolbarValue = 4000;

std::string encode(const ToolbarMessage& message);

// ToolbarDecoder finds the messages in a stream of bytes.
class ToolbarDecoder {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }
  // The next complete message. What cannot be one is skipped.
  std::optional<ToolbarMessage> next();

 private:
  std::string bytes_;
};

}  // namespace xdpcap
