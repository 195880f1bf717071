// SPDX-License-Identifier: BSD-3-Clause
// Runs a program with the name of each complete file (tcpdump's -z).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

// The executable, started with this argument and a program, is the child that runs the program.
inline constexpr const char* kRunCommands = "--run-commands";

// The child: runs `program` with each name read from stdin, a few at a time, until end of file, and
// reports failures on stdout. Names and reports are terminated by NUL. Throws Error.
void run_commands(const std::string& program);

// CommandQueue is the parent's end. The child runs everything that it has received even if the
// parent is killed.
class CommandQueue {
 public:
  // Starts the child. Throws Error.
  explicit CommandQueue(std::string program);

  // Never blocks.
  void add(const std::string& path);
  // The failures since the last call.
  std::vector<std::string> look();
  // Waits until all is done, or until `stop_fd` becomes readable; the child then finishes alone.
  // Returns failures as look() does.
  std::vector<std::string> wait(int stop_fd);

 private:
  bool push();

  std::string program_;
  UniqueFd to_;
  UniqueFd from_;
  std::optional<ChildProcess> process_;
  std::string waiting_;     // names that did not fit into the pipe
  std::string incomplete_;  // an incomplete report
};

}  // namespace xdpcap
