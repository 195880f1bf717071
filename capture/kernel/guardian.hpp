// SPDX-License-Identifier: BSD-3-Clause
// Who cleans up after a capture that cannot: SIGKILL, a crash, an empty memory.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// Guardian is a copy of this process (fork) that sleeps until this process has gone without telling
// it so. It calls setsid(2), so that no terminal and no signal to a process group reaches
// it, ignores signals, keeps no descriptors but those it is told to, and asks the kernel to spare
// it when memory is short.
class Guardian {
 public:
  struct Duty {
    std::string title;             // for ps
    std::vector<int> descriptors;  // to keep open
    // What it does at once when this process is gone, or when it is told to (clean_up()).
    std::function<void()> clean_up;
    // What it does then, and only when this process is gone.
    std::function<void()> rescue;
  };

  // No guardian.
  Guardian() = default;
  // Throws Error when there can be none.
  explicit Guardian(const Duty& duty);
  Guardian(Guardian&& other) noexcept;
  Guardian& operator=(Guardian&& other) noexcept;
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;
  // Sends it away: it does nothing any more.
  ~Guardian() { dismiss(); }

  // Whether somebody has killed it; true once only.
  [[nodiscard]] bool has_died();
  // Lets the guardian clean up now, with the rights it still has. False when it is gone.
  bool clean_up();

 private:
  [[nodiscard]] bool alive();
  void dismiss() noexcept;

  pid_t pid_ = -1;
  UniqueFd line_;  // one byte is an order; its end is the end of this process
};

}  // namespace xdpcap
