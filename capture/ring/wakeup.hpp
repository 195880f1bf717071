// SPDX-License-Identifier: BSD-3-Clause
// Wakes the reader from a recorder: a BPF ring buffer that carries no data.
#pragma once

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {

// Wakeup ends a reader's sleep.
class Wakeup {
 public:
  // Throws Error.
  Wakeup();

  // For recorders to submit to and for an edge-triggered epoll, which each submission wakes.
  [[nodiscard]] int fd() const { return map_.get(); }
  // Consumes what was submitted, so that the ring buffer never fills up.
  void consume();

 private:
  UniqueFd map_;
  Mapping consumer_page_;
  Mapping producer_page_;
};

}  // namespace xdpcap
