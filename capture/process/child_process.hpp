// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// Whether a program of that name is in PATH (or at that path).
bool is_installed(const std::string& program);

// ChildProcess is another program at work for us. It has a process group of its own: Ctrl-C ends
// the capture, which then ends its helpers in order. It is not waited for when its owner goes.
class ChildProcess {
 public:
  static constexpr int kExtra = 3;
  struct Plan {
    std::vector<std::string> command;  // the program, looked up in PATH, and its arguments
    int in = -1;                       // becomes its stdin; -1: /dev/null
    int out = -1;                      // becomes its stdout; -1: our stderr
    int extra = -1;                    // becomes its descriptor kExtra; -1: none
    bool silent = false;               // its stderr goes nowhere, else to ours
    bool gently = false;               // only with CPU time that nobody else wants
  };
  // Throws Error when it cannot be started.
  explicit ChildProcess(const Plan& plan);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() = default;

  // Whether it has ended by now.
  [[nodiscard]] bool ended();
  // Waits for its end, until `interrupt_fd` becomes readable, or so many ms (-1: for ever). False
  // when it still runs.
  bool wait(int interrupt_fd, int milliseconds = -1);
  // Becomes readable at its end. Throws Error.
  [[nodiscard]] UniqueFd descriptor() const;
  // After its end: "gzip ended with exit code 1"; empty when all went well.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  pid_t pid_ = -1;  // -1: has ended
  int status_ = 0;
};

}  // namespace xdpcap
