// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

// HookLock keeps other captures from changing a hook while this one does: what is in a slot has to
// be looked at before it is changed, and the kernel does not do both in one step. It is a flock()
// on the bpffs folder the hook is pinned in, so it leaves no file behind, goes with the process
// that holds it, and cannot be taken by users who may not open that folder.
class HookLock {
 public:
  // `folder_fd` is an open folder. Waits for its turn, but never long: who holds the lock does so
  // for milliseconds, and a hook that is cleaned without it is better than one that is not cleaned.
  explicit HookLock(int folder_fd);

 private:
  UniqueFd fd_;
};

// Opens the folder that `path` is in. Invalid when that cannot be done.
UniqueFd open_folder_of(const std::string& path);

}  // namespace xdpcap
