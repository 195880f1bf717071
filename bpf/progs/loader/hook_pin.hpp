// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap::loader {

// HookPin keeps a hook pinned in bpffs. Its destructor removes the pin if it is still of this hook.
// (An RAII wrapper around xdpcap_hook.h.)
class HookPin {
 public:
  // Throws Error if `path` is not on bpffs, is something else, or is a hook that a program uses.
  HookPin(int hook_fd, std::string path);
  HookPin(HookPin&&) noexcept = default;
  HookPin& operator=(HookPin&&) = delete;
  HookPin(const HookPin&) = delete;
  HookPin& operator=(const HookPin&) = delete;
  ~HookPin();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  UniqueFd hook_;  // a duplicate, so that the hook can be identified after the skeleton is gone
  std::string path_;
};

}  // namespace xdpcap::loader
