// SPDX-License-Identifier: BSD-3-Clause
#include "process/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

// RAII for posix_spawn()'s file actions and attributes.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    // This process blocks the signals that end a capture and ignores SIGPIPE; a child must not
    // inherit that.
    sigset_t none;
    sigemptyset(&none);
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &pipe);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  SpawnAttributes(SpawnAttributes&&) = delete;
  SpawnAttributes& operator=(SpawnAttributes&&) = delete;
  ~SpawnAttributes() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void connect(const ChildProcess::Options& options) {
    if (options.in >= 0) {
      ::posix_spawn_file_actions_adddup2(&actions_, options.in, STDIN_FILENO);
    } else {
      ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, options.out >= 0 ? options.out : STDERR_FILENO,
                                       STDOUT_FILENO);
    if (options.silent) {
      ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    // Last, because kExtra may be the number of one of the descriptors above.
    if (options.extra >= 0) {
      ::posix_spawn_file_actions_adddup2(&actions_, options.extra, ChildProcess::kExtra);
    }
  }

  int spawn(pid_t& pid, const std::vector<std::string>& command) {
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    return ::posix_spawnp(&pid, words[0], &actions_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Directories are "executable", too.
bool is_executable_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

bool is_installed(const std::string& program) {
  if (program.find('/') != std::string::npos) return is_executable_file(program);
  const char* path = std::getenv("PATH");
  const auto folders = split(path == nullptr ? "/bin:/usr/bin" : path, ':');
  return std::any_of(folders.begin(), folders.end(), [&](std::string_view folder) {
    return is_executable_file(std::string(folder.empty() ? "." : folder) + "/" + program);
  });
}

ChildProcess::ChildProcess(const Options& options) : name_(options.command.at(0)) {
  SpawnAttributes attributes;
  attributes.connect(options);
  const int error = attributes.spawn(pid_, options.command);
  if (error != 0) throw system_error("starting " + name_, error, "install it, or name another");
  constexpr int kLowestPriority = 19;
  if (options.low_priority) ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), kLowestPriority);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : name_(std::move(other.name_)), pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  name_ = std::move(other.name_);
  pid_ = std::exchange(other.pid_, -1);
  status_ = other.status_;
  return *this;
}

bool ChildProcess::ended() {
  if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) != 0) pid_ = -1;
  return pid_ < 0;
}

UniqueFd ChildProcess::descriptor() const {
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process.valid()) throw system_error("waiting for " + name_, errno);
  return process;
}

bool ChildProcess::wait(int interrupt_fd, int milliseconds) {
  if (ended()) return true;
  const UniqueFd process = descriptor();
  std::array<pollfd, 2> fds = {pollfd{process.get(), POLLIN, 0}, pollfd{interrupt_fd, POLLIN, 0}};
  while (::poll(fds.data(), fds.size(), milliseconds) < 0 && errno == EINTR) {
  }
  return ended();
}

std::string ChildProcess::failure() const {
  if (WIFSIGNALED(status_)) {
    return name_ + " was killed by signal " + std::to_string(WTERMSIG(status_));
  }
  if (WEXITSTATUS(status_) == 0) return {};
  return name_ + " ended with exit code " + std::to_string(WEXITSTATUS(status_));
}

}  // namespace xdpcap
