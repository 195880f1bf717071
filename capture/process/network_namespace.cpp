// SPDX-License-Identifier: BSD-3-Clause
#include "process/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <thread>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

constexpr const char* kCurrent = "/proc/thread-self/ns/net";
constexpr const char* kNamed = "/run/netns";

}  // namespace

std::vector<std::filesystem::path> other_network_namespaces() {
  namespace fs = std::filesystem;
  std::vector<fs::path> paths;
  std::error_code error;
  fs::directory_iterator entry(kNamed, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (!fs::equivalent(entry->path(), kCurrent, gone)) paths.push_back(entry->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_same_network_namespace(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto path_of = [](const std::string& name) {
    return name.empty() ? std::filesystem::path(kCurrent) : std::filesystem::path(kNamed) / name;
  };
  std::error_code error;
  return std::filesystem::equivalent(path_of(a), path_of(b), error);
}

void visit_named_namespace(const std::string& name, const std::function<void()>& visit) {
  const std::filesystem::path path = std::filesystem::path(kNamed) / name;
  int error_number = 0;
  std::exception_ptr failure;
  std::thread([&] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() || ::setns(fd.get(), CLONE_NEWNET) != 0) {
      error_number = errno;
      return;
    }
    try {
      visit();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
  if (error_number == 0) return;
  const bool missing = error_number == ENOENT;
  throw system_error(
      "entering the network namespace " + name, error_number,
      missing ? "ip netns shows those that have a name" : "run as root, or with CAP_SYS_ADMIN");
}

void visit_network_namespace(const std::filesystem::path& path,
                             const std::function<void()>& visit) {
  std::thread([&] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid() && ::setns(fd.get(), CLONE_NEWNET) == 0) visit();
  }).join();
}

}  // namespace xdpcap
