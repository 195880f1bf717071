// SPDX-License-Identifier: BSD-3-Clause
// Compressors and commands of completed files, in parallel with the capture.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process/child_process.hpp"
#include "process/command_queue.hpp"

namespace xdpcap {

class FinishedFiles {
 public:
  // `command`: a program that is run with each file's name (tcpdump's -z); empty: none.
  explicit FinishedFiles(std::string command = {}) : command_(std::move(command)) {}

  // Adds a file; its command runs once the compressor that still writes it, if any, has ended.
  void add(const std::string& path, std::optional<ChildProcess> compressor);

  // Checks which have ended, without blocking. Returns a line for each failure.
  std::vector<std::string> look();
  // Waits for all, or until `stop_fd` becomes readable. Returns lines as look() does.
  std::vector<std::string> wait(int stop_fd);
  // Throws Error if a compressor has failed, so that a file is incomplete.
  void check() const;

 private:
  struct Job {
    std::string path;
    ChildProcess compressor;
  };

  void run_command(const std::string& path);
  void end(const Job& job);
  void add_news(std::vector<std::string> news);

  std::string command_;
  std::optional<CommandQueue> commands_;  // from the first file on
  std::vector<Job> jobs_;
  std::vector<std::string> reports_;
  std::string failure_;
};

}  // namespace xdpcap
