// SPDX-License-Identifier: BSD-3-Clause
#include "process/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <thread>

#include "base/unique_fd.hpp"

namespace xdpcap {

std::vector<std::filesystem::path> other_network_namespaces() {
  namespace fs = std::filesystem;
  std::vector<fs::path> paths;
  std::error_code error;
  const fs::path ours = "/proc/thread-self/ns/net";
  fs::directory_iterator entry("/run/netns", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (!fs::equivalent(entry->path(), ours, gone)) paths.push_back(entry->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void visit_network_namespace(const std::filesystem::path& path,
                             const std::function<void()>& visit) {
  std::thread([&] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid() && ::setns(fd.get(), CLONE_NEWNET) == 0) visit();
  }).join();
}

}  // namespace xdpcap
