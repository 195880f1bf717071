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
  int exit_code = -1;  // 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

enum class Streams { apart, together };

// Process is a running command, with stdout and stderr redirected to two files, or in order to one.
// The destructor kills it if it still runs.
class Process {
 public:
  explicit Process(std::vector<std::string> command, Streams streams = Streams::apart);
  // stdout goes to `out_fd` instead.
  Process(std::vector<std::string> command, int out_fd);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&&) = delete;
  Process& operator=(Process&&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // SIGSTOP has taken effect when this returns.
  void signal(int number) const;
  // Waits for its end. After `limit`, times patience(), it is killed, as the exit code shows.
  ProcessResult wait(std::chrono::seconds limit = std::chrono::seconds(30));
  // Its output so far.
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

// Returns what it printed. Throws Error if it fails.
std::string must_run(const std::vector<std::string>& command);

// Polls until `condition()` holds; false if it does not within `limit`, times patience().
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
