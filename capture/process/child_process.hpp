// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// Whether a program of that name is in PATH (or at that path).
bool is_installed(const std::string& program);

// ChildProcess is another program that runs as a child. It has its own process group: Ctrl-C ends
// the capture, which then ends its children in order. The destructor does not wait for it.
class ChildProcess {
 public:
  static constexpr int kExtra = 3;
  struct Options {
    std::vector<std::string> command;  // the program, looked up in PATH, and its arguments
    int in = -1;                       // becomes its stdin; -1: /dev/null
    int out = -1;                      // becomes its stdout; -1: our stderr
    int extra = -1;                    // becomes its descriptor kExtra; -1: none
    bool silent = false;               // its stderr is /dev/null, not ours
    bool low_priority = false;         // with the lowest CPU priority
  };
  // Throws Error if it cannot be started.
  explicit ChildProcess(const Options& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() = default;

  // Whether it has ended.
  [[nodiscard]] bool ended();
  // Waits until it has ended, `interrupt_fd` becomes readable, or the time is over (-1: no limit).
  // Returns false if it still runs.
  bool wait(int interrupt_fd, int milliseconds = -1);
  // A pidfd, which becomes readable when it ends. Throws Error.
  [[nodiscard]] UniqueFd descriptor() const;
  // After its end: "gzip ended with exit code 1"; empty on success.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  pid_t pid_ = -1;  // -1: has ended
  int status_ = 0;
};

}  // namespace xdpcap
