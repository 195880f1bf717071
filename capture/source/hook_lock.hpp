// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

// How long a capture waits for the lock before it proceeds without it.
inline constexpr std::chrono::milliseconds kLockTimeout{5000};

// LockDeadline divides the time to wait for locks among several hooks.
class LockDeadline {
 public:
  explicit LockDeadline(std::chrono::milliseconds timeout)
      : end_(std::chrono::steady_clock::now() + timeout) {}
  [[nodiscard]] std::chrono::milliseconds left() const {
    using std::chrono::milliseconds;
    const auto left = end_ - std::chrono::steady_clock::now();
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(left));
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

// HookLock keeps other captures from changing a hook at the same time: a slot has to be read before
// it is changed, and the kernel cannot do both atomically. It is a flock() on the bpffs folder in
// which the hook is pinned, so it leaves no file behind and is released when its process ends.
// Captures hold it for milliseconds. But any process that may open the folder can hold it, for any
// length of time, so nothing may depend on getting it.
class HookLock {
 public:
  // `folder_fd` is an open folder. Waits for its lock, `timeout` at most.
  HookLock(int folder_fd, std::chrono::milliseconds timeout);

  [[nodiscard]] bool held() const { return held_; }

 private:
  UniqueFd fd_;
  bool held_ = false;
};

// Opens a folder, the current one if `path` is empty. Returns an invalid descriptor on failure.
UniqueFd open_folder(const std::string& path);

}  // namespace xdpcap
