// SPDX-License-Identifier: BSD-3-Clause
// Running commands as a user would, who sees both streams in one terminal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/process.hpp"

namespace xdpcap::test {

struct Output {
  int exit_code;     // 128 + signal if one ended it
  std::string text;  // standard output and standard error, as they came
};

// Command runs in the background until it is stopped.
class Command {
 public:
  explicit Command(std::vector<std::string> words)
      : process_(std::move(words), Streams::together) {}

  // Waits until `text` is in its output; false when that takes too long.
  [[nodiscard]] bool wait_for(const std::string& text) const {
    return eventually([&] { return this->text().find(text) != std::string::npos; });
  }
  void signal(int number) const { process_.signal(number); }
  // Waits for the end.
  Output finish() {
    ProcessResult result = process_.wait();
    return {result.exit_code, std::move(result.out)};
  }
  // What it has written so far.
  [[nodiscard]] std::string text() const { return process_.out(); }

 private:
  Process process_;
};

// Runs it to its end.
inline Output output_of(std::vector<std::string> words) {
  return Command(std::move(words)).finish();
}
inline Output output_of_shell(const std::string& text) {
  return output_of({"sh", "-c", text});
}

}  // namespace xdpcap::test
