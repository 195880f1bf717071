// SPDX-License-Identifier: BSD-3-Clause
// Messages between two processes that a fork(2) made of one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// Message is a kind, a text, and descriptors that the receiver gets copies of.
struct Message {
  char kind = 0;
  std::uint8_t channel = 0;  // for which part of the other process
  std::string text = {};
  std::vector<int> descriptors = {};    // to send
  std::vector<UniqueFd> received = {};  // what the other side got for them
};

// MessageSocket is one end of a connection that keeps the boundaries of messages. It never waits,
// unless it is told to.
class MessageSocket {
 public:
  MessageSocket() = default;
  explicit MessageSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  // Two connected ends. Throws Error.
  static std::array<MessageSocket, 2> make_pair();

  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

  // False when the other side has gone, or has no room for it now.
  [[nodiscard]] bool send(const Message& message) const;
  // The next message; nothing when none is there yet, or when the other side has gone.
  [[nodiscard]] std::optional<Message> receive();
  // Whether the other side has gone, and all that it sent has been received.
  [[nodiscard]] bool ended() const { return ended_; }
  // Until there is something to receive(), `milliseconds` at most (-1: for ever). True when there
  // is.
  [[nodiscard]] bool wait(int milliseconds) const;

 private:
  UniqueFd fd_;
  bool ended_ = false;
};

}  // namespace xdpcap
