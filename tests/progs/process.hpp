// SPDX-License-Identifier: BSD-3-Clause
// Running commands as a user would: to their end, or in the background until stopped.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap::test {

struct Output {
  int exit_code;     // 128 + signal if one ended it
  std::string text;  // standard output and standard error, as they came
};

// Process is a command in the background, with its output read through one pipe. It is killed if
// it still runs when this goes.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command);
  Process(Process&&) = delete;
  Process& operator=(Process&&) = delete;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  // Reads its output until `text` is in it; false if it ends or 10 seconds pass before.
  bool wait_for(const std::string& text);
  void signal(int number) const;
  // Waits for the end, 20 seconds at most.
  Output finish();
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  bool read_some(std::chrono::steady_clock::time_point until);

  pid_t pid_ = -1;
  UniqueFd output_;
  std::string text_;
};

Output run(const std::vector<std::string>& command);
// By sh -c.
Output shell(const std::string& command);

}  // namespace xdpcap::test
