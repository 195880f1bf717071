// SPDX-License-Identifier: BSD-3-Clause
#include "support/process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap::test {
namespace {

std::string contents(int fd) {
  std::string text;
  char buffer[4096];
  off_t at = 0;
  for (ssize_t count = 0; (count = ::pread(fd, buffer, sizeof(buffer), at)) > 0; at += count) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

[[noreturn]] void execute(std::vector<std::string>& command, int out_fd, int err_fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // ends with a test that crashes
  ::dup2(out_fd, STDOUT_FILENO);
  ::dup2(err_fd, STDERR_FILENO);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Process::Process(std::vector<std::string> command, Streams streams)
    : out_(::memfd_create("stdout", MFD_CLOEXEC)),
      // A duplicate shares the file offset.
      err_(streams == Streams::together ? ::fcntl(out_.get(), F_DUPFD_CLOEXEC, 0)
                                        : ::memfd_create("stderr", MFD_CLOEXEC)) {
  // Processes that write to a memfd at once would overwrite each other: the kernel locks the offset
  // of files on file systems only.
  if (streams == Streams::together) ::fcntl(out_.get(), F_SETFL, O_APPEND);
  start(command, out_.get());
}

Process::Process(std::vector<std::string> command, int out_fd)
    : err_(::memfd_create("stderr", MFD_CLOEXEC)) {
  start(command, out_fd);
}

void Process::start(std::vector<std::string>& command, int out_fd) {
  pid_ = ::fork();
  if (pid_ < 0) throw system_error("starting " + command.front(), errno);
  if (pid_ == 0) execute(command, out_fd, err_.get());
}

Process::~Process() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
  if (pid_ <= 0) return;
  ::kill(pid_, number);
  siginfo_t info{};
  if (number == SIGSTOP) {
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
  }
}

ProcessResult Process::wait(std::chrono::seconds limit) {
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, limit);
  if (!ended) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = out(),
          .err = err()};
}

std::string Process::out() const {
  return contents(out_.get());
}
std::string Process::err() const {
  return contents(err_.get());
}

ProcessResult run(const std::vector<std::string>& command) {
  return Process(command).wait();
}

std::string must_run(const std::vector<std::string>& command) {
  ProcessResult result = run(command);
  if (result.exit_code == 0) return std::move(result.out);
  throw Error(join(command, " ") + ": " + result.err);
}

}  // namespace xdpcap::test
