// SPDX-License-Identifier: BSD-3-Clause
#include "progs/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/error.hpp"
#include "support/patience.hpp"

namespace xdpcap::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string>& command, int output) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments.front(), arguments.data());
  _exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
  output_.reset(ends[0]);
  const UniqueFd write_end(ends[1]);
  pid_ = fork();
  if (pid_ < 0) throw system_error("starting " + command.front(), errno);
  if (pid_ == 0) become(command, write_end.get());
}

Process::~Process() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

// False at the end of the output or of the time.
bool Process::read_some(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd ready{output_.get(), POLLIN, 0};
  if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) return false;
  std::array<char, 4096> chunk{};
  const ssize_t size = read(output_.get(), chunk.data(), chunk.size());
  if (size <= 0) return false;
  text_.append(chunk.data(), static_cast<std::size_t>(size));
  return true;
}

bool Process::wait_for(const std::string& text) {
  const auto until = Clock::now() + std::chrono::seconds(10) * patience();
  while (text_.find(text) == std::string::npos) {
    if (!read_some(until)) return false;
  }
  return true;
}

void Process::signal(int number) const {
  kill(pid_, number);
}

Output Process::finish() {
  const auto until = Clock::now() + std::chrono::seconds(20) * patience();
  while (read_some(until)) {
  }
  if (Clock::now() >= until) kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_};
}

Output run(const std::vector<std::string>& command) {
  return Process(command).finish();
}

Output shell(const std::string& command) {
  return run({"sh", "-c", command});
}

}  // namespace xdpcap::test
