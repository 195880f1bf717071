// SPDX-License-Identifier: BSD-3-Clause
// A program that is run with the name of each file that is complete (tcpdump's -z).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

// The first of two arguments of the executable when it is the process that runs the program, which
// is the second.
inline constexpr const char* kRunCommands = "--run-commands";

// Runs `program` with each of the names that come in on stdin, a few at a time, until its end, and
// reports failures on stdout. Names and reports end with a NUL. Throws Error.
void run_commands(const std::string& program);

// CommandQueue is our end of that process. What it has taken is done also when this process is
// killed.
class CommandQueue {
 public:
  // Starts it. Throws Error.
  explicit CommandQueue(std::string program);

  // Never waits.
  void add(const std::string& path);
  // What has failed since the last call.
  std::vector<std::string> look();
  // Waits until all is done; until `stop_fd` becomes readable, then the rest goes on without us.
  // Returns lines as look() does.
  std::vector<std::string> wait(int stop_fd);

 private:
  bool push();

  std::string program_;
  UniqueFd to_;
  UniqueFd from_;
  std::optional<ChildProcess> process_;
  std::string waiting_;  // names for which the pipe had no room
  std::string begun_;    // a report that is not there in full
};

}  // namespace xdpcap
