// SPDX-License-Identifier: BSD-3-Clause
#include "process/command_queue.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "process/pipe.hpp"

namespace xdpcap {
namespace {

// More would only slow each other down, and the capture.
constexpr std::size_t kAtATime = 4;

// Appends what can be read from `fd`; false at its end.
bool read_more(int fd, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

std::optional<std::string> take_first(std::string& text) {
  const auto end = text.find('\0');
  if (end == std::string::npos) return std::nullopt;
  std::string first = text.substr(0, end);
  text.erase(0, end + 1);
  return first;
}

// Runner is what the child process does.
class Runner {
 public:
  explicit Runner(const std::string& program) : program_(program) {}

  void run() {
    while (!at_end_ || !jobs_.empty()) {
      wait();
      std::erase_if(jobs_, [](Job& job) { return has_ended(job); });
      while (jobs_.size() < kAtATime) {
        const auto path = take_first(names_);
        if (!path) break;
        start(*path);
      }
    }
  }

 private:
  struct Job {
    std::string path;
    ChildProcess process;
    UniqueFd end;
  };

  // Waits until there is another name and room for another job, or until a job has ended.
  void wait() {
    std::vector<pollfd> fds;
    for (const Job& job : jobs_) fds.push_back({job.end.get(), POLLIN, 0});
    if (!at_end_ && jobs_.size() < kAtATime) fds.push_back({STDIN_FILENO, POLLIN, 0});
    if (::poll(fds.data(), fds.size(), -1) < 0) return;
    if (fds.back().fd == STDIN_FILENO && fds.back().revents != 0) {
      at_end_ = !read_more(STDIN_FILENO, names_);
    }
  }

  void start(const std::string& path) {
    try {
      ChildProcess process({.command = {program_, path}});
      UniqueFd end = process.descriptor();
      jobs_.push_back({path, std::move(process), std::move(end)});
    } catch (const Error& error) {
      report(path, error.what());
    }
  }

  static bool has_ended(Job& job) {
    if (!job.process.ended()) return false;
    if (!job.process.failure().empty()) report(job.path, job.process.failure());
    return true;
  }

  // If the capture was killed, nothing reads this.
  static void report(const std::string& path, const std::string& failure) {
    const std::string line = "-z: " + path + ": " + failure;
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.c_str(), line.size() + 1);
  }

  const std::string& program_;
  std::string names_;
  bool at_end_ = false;  // of the names
  std::vector<Job> jobs_;
};

}  // namespace

void run_commands(const std::string& program) {
  std::signal(SIGPIPE, SIG_IGN);
  Runner(program).run();
}

CommandQueue::CommandQueue(std::string program) : program_(std::move(program)) {
  Pipe names = make_pipe(false);
  Pipe reports = make_pipe(true);
  ::fcntl(reports.read_end.get(), F_SETFL, O_NONBLOCK);
  process_.emplace(ChildProcess::Options{.command = {"/proc/self/exe", kRunCommands, program_},
                                         .in = names.read_end.get(),
                                         .out = reports.write_end.get(),
                                         .low_priority = true});
  to_ = std::move(names.write_end);
  from_ = std::move(reports.read_end);
}

void CommandQueue::add(const std::string& path) {
  waiting_ += path;
  waiting_ += '\0';
  push();
}

// False if there is more to push.
bool CommandQueue::push() {
  while (!waiting_.empty()) {
    const ssize_t count = ::write(to_.get(), waiting_.data(), waiting_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) waiting_.clear();  // the child was killed, which wait() reports
    if (count > 0) waiting_.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

std::vector<std::string> CommandQueue::look() {
  push();
  std::vector<std::string> lines;
  std::size_t before = 0;
  do {
    before = incomplete_.size();
    read_more(from_.get(), incomplete_);
  } while (incomplete_.size() > before);
  while (auto line = take_first(incomplete_)) lines.push_back(std::move(*line));
  return lines;
}

std::vector<std::string> CommandQueue::wait(int stop_fd) {
  std::array<pollfd, 2> fds = {pollfd{to_.get(), POLLOUT, 0}, pollfd{stop_fd, POLLIN, 0}};
  bool stopped = false;
  while (!stopped && !push()) {
    stopped = ::poll(fds.data(), fds.size(), -1) > 0 && fds[1].revents != 0;
  }
  to_.reset();
  constexpr int kLookEveryMilliseconds = 100;
  std::vector<std::string> lines;
  const auto look_again = [&] {
    for (std::string& line : look()) lines.push_back(std::move(line));
  };
  // The reports may not fit into the pipe, so keep reading while waiting.
  while (!stopped && !process_->wait(stop_fd, kLookEveryMilliseconds)) {
    look_again();
    stopped = ::poll(&fds[1], 1, 0) > 0;
  }
  look_again();
  if (stopped) lines.push_back("-z: not waiting any longer for " + program_);
  if (!stopped && !process_->failure().empty()) {
    lines.push_back("-z: " + program_ + " was not run with all files: " + process_->failure());
  }
  return lines;
}

}  // namespace xdpcap
