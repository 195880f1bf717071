// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

// How long a capture waits for the lock before it goes on without.
inline constexpr std::chrono::milliseconds kLockTimeout{5000};

// HookLock keeps other captures from changing a hook while this one does: what is in a slot has to
// be looked at before it is changed, and the kernel does not do both in one step. It is a flock()
// on the bpffs folder the hook is pinned in, so it leaves no file behind and goes with the process
// that holds it. Captures hold it for milliseconds. But anybody may hold it who may open the
// folder, and for as long as he likes: so nothing may depend on getting it.
class HookLock {
 public:
  // `folder_fd` is an open folder; waits for the lock, `timeout` at most.
  HookLock(int folder_fd, std::chrono::milliseconds timeout);

  [[nodiscard]] bool held() const { return held_; }

 private:
  UniqueFd fd_;
  bool held_ = false;
};

// Opens the folder that `path` is in. Invalid when that cannot be done.
UniqueFd open_folder_of(const std::string& path);

}  // namespace xdpcap
