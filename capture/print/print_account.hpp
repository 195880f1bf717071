// SPDX-License-Identifier: BSD-3-Clause
// How the process that prints packets reports to the capture.
#pragma once

#include <cstdint>

#include "base/unique_fd.hpp"

namespace xdpcap {

// PrintAccount is memory shared with another process by a descriptor. It survives if that process
// is killed.
class PrintAccount {
 public:
  struct State {
    std::uint64_t printed = 0;      // packets whose first line has been written
    std::uint64_t reader_gone = 0;  // whether stdout's reader has closed it
  };

  // Creates one. Throws Error.
  PrintAccount();
  // Opens another process's.
  explicit PrintAccount(int fd) : fd_(fd) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  void report(const State& state) const;
  [[nodiscard]] State read() const;

 private:
  UniqueFd fd_;
};

}  // namespace xdpcap
