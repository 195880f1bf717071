// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap::loader {

// HookPin keeps a hook pinned in bpffs while it lives, and then removes the pin if it is still
// this hook's. (xdpcap_hook.h with an owner.)
class HookPin {
 public:
  // Throws Error: not on bpffs, something else there, another program uses the hook there.
  HookPin(int hook_fd, std::string path);
  HookPin(HookPin&&) noexcept = default;
  HookPin& operator=(HookPin&&) = delete;
  HookPin(const HookPin&) = delete;
  HookPin& operator=(const HookPin&) = delete;
  ~HookPin();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  UniqueFd
      hook_;  // its own, so that it can tell its hook from another when the map's owner is gone
  std::string path_;
};

}  // namespace xdpcap::loader
