// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "support/patience.hpp"

namespace xdpcap::test {

struct ProcessResult {
  int exit_code = -1;  // 128 + signal when one ended it
  std::string out;
  std::string err;
};

enum class Streams { apart, together };

// Process is a running command with its stdout and stderr going to files of its own, or to one, as
// they come. One that still runs when its owner goes is killed.
class Process {
 public:
  explicit Process(std::vector<std::string> command, Streams streams = Streams::apart);
  // `out_fd`: where stdout goes instead.
  Process(std::vector<std::string> command, int out_fd);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&&) = delete;
  Process& operator=(Process&&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // After SIGSTOP it does nothing more from the return on.
  void signal(int number) const;
  // Waits for its end; after `limit`, times patience(), it is killed, and the exit code says so.
  ProcessResult wait(std::chrono::seconds limit = std::chrono::seconds(30));
  // What it has written so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  void start(std::vector<std::string>& command, int out_fd);

  pid_t pid_ = -1;
  UniqueFd out_;
  UniqueFd err_;
};

// Runs a command to its end.
ProcessResult run(const std::vector<std::string>& command);

// Returns what it printed. Throws Error when it fails.
std::string must_run(const std::vector<std::string>& command);

// Polls until `condition()` holds; false when it did not within `limit`, times patience().
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit * patience();
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace xdpcap::test
