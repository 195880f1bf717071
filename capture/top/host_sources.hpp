// SPDX-License-Identifier: BSD-3-Clause
// All that can be captured on this host.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace xdpcap {

// What names a source, and what it is at the moment: another program on the same interface is
// something else.
struct HostSource {
  std::string name;  // as -i takes it
  std::string identity;

  bool operator==(const HostSource&) const = default;
};

// Interfaces with XDP programs, in all network namespaces that this process may enter; then hooks
// that are pinned and belong to programs that are attached nowhere. Throws Error.
std::vector<HostSource> host_sources();

// HostWatch looks for changes every few seconds, in a thread of its own, as that can take a while.
class HostWatch {
 public:
  // `changed` is called in that thread, once.
  HostWatch(std::vector<HostSource> known, std::function<void()> changed);
  HostWatch(const HostWatch&) = delete;
  HostWatch& operator=(const HostWatch&) = delete;
  HostWatch(HostWatch&&) = delete;
  HostWatch& operator=(HostWatch&&) = delete;
  ~HostWatch();

 private:
  void run();

  std::vector<HostSource> known_;
  std::function<void()> changed_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace xdpcap
