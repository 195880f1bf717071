// SPDX-License-Identifier: BSD-3-Clause
// A hook with a capture's recorders in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "process/guardian.hpp"
#include "source/hook.hpp"
#include "source/installation.hpp"

namespace xdpcap {

class CapturedHook {
 public:
  explicit CapturedHook(Hook hook);
  // For recorders that another process has loaded: from its hand_over() message. Throws Error.
  explicit CapturedHook(Message handover);

  // Loads a recorder for each of the `actions` that the hook has a slot for. Throws Error.
  void load(const std::vector<XdpAction>& actions, bool may_replace,
            const Installation::MakeRecorder& make_recorder);
  // Installs them. Throws Error.
  void fill();
  void remove(std::chrono::milliseconds timeout = kLockTimeout);
  void forget() { installation_->forget(); }

  // A line for each change since the last look, and what was done about it. Throws Error.
  std::vector<std::string> look_at_slots() { return installation_->look(); }
  std::vector<std::string> look_at_users();
  // The programs that use the hook, as far as the last look has found out.
  [[nodiscard]] const std::vector<std::uint32_t>& users() const { return users_; }
  // Whether programs use the hook, as last reported.
  [[nodiscard]] bool in_use() const { return in_use_; }
  void set_in_use(bool in_use) { in_use_ = in_use; }

  [[nodiscard]] const Hook& hook() const { return hook_; }
  [[nodiscard]] Installation& installation() { return *installation_; }
  // A message of this kind, which enables another process to do all of the above.
  [[nodiscard]] Message hand_over(char kind) const;
  [[nodiscard]] std::vector<int> descriptors() const;

 private:
  Hook hook_;
  std::unique_ptr<Installation> installation_;
  std::vector<std::uint32_t> users_;  // the programs that use the hook
  bool in_use_ = true;
};

}  // namespace xdpcap
