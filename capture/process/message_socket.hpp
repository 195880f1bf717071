// SPDX-License-Identifier: BSD-3-Clause
// Messages between a process and its fork(2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// Message is a kind, a text, and descriptors, which the receiver gets duplicates of.
struct Message {
  char kind = 0;
  std::uint8_t channel = 0;  // for which part of the other process
  std::string text = {};
  std::vector<int> descriptors = {};    // to send
  std::vector<UniqueFd> received = {};  // the receiver's duplicates
};

// MessageSocket is one end of a connection that preserves message boundaries. Only wait() blocks.
class MessageSocket {
 public:
  MessageSocket() = default;
  explicit MessageSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  // Two connected ends. Throws Error.
  static std::array<MessageSocket, 2> make_pair();

  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

  // False if the other side has ended, or has no room for it now.
  [[nodiscard]] bool send(const Message& message) const;
  // The next message; nothing if none has arrived yet, or if the other side has ended.
  [[nodiscard]] std::optional<Message> receive();
  // Whether the other side has ended, and everything that it sent has been received.
  [[nodiscard]] bool ended() const { return ended_; }
  // Waits until there is something to receive(), `milliseconds` at most (-1: no limit). True if
  // there is.
  [[nodiscard]] bool wait(int milliseconds) const;

 private:
  UniqueFd fd_;
  bool ended_ = false;
};

}  // namespace xdpcap
