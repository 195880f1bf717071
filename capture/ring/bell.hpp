// SPDX-License-Identifier: BSD-3-Clause
// What recorders wake the reader with: a BPF ring buffer that nothing goes through.
#pragma once

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {

class Bell {
 public:
  // Throws Error.
  Bell();

  // For recorders to ring and for an epoll to wait on, edge-triggered: becomes readable with each
  // ring.
  [[nodiscard]] int fd() const { return map_.get(); }
  // Takes notice of what has rung, so that the bell never fills up.
  void silence();

 private:
  UniqueFd map_;
  Mapping consumer_page_;
  Mapping producer_page_;
};

}  // namespace xdpcap
