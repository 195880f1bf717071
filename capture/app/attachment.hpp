// SPDX-License-Identifier: BSD-3-Clause
// The life of a capture at its hook: put in, guarded, watched while the world changes, taken out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/guardian.hpp"
#include "kernel/hook.hpp"
#include "kernel/installation.hpp"

namespace xdpcap {

class Attachment {
 public:
  struct Plan {
    std::vector<XdpAction> actions;
    bool replace = false;  // take over slots that others hold
    bool follow = false;   // go on with another hook that is pinned in the place of this one
    Installation::MakeRecorder make_recorder;
    // The guardian's part, should this process be killed: what it needs open, and what to do once
    // the hook is clean.
    std::vector<int> descriptors;
    std::function<void()> rescue;
  };

  // Fills the hook, from the first moment on under the eyes of a guardian. Throws Error.
  Attachment(Hook hook, Plan plan);
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  Attachment(Attachment&&) = delete;
  Attachment& operator=(Attachment&&) = delete;
  // Cleans up, too.
  ~Attachment();

  // Looks what has changed, and does something about it: recorders that somebody took out, another
  // hook in the place of ours, a guardian that was killed. Returns a line for each piece of news.
  std::vector<std::string> look();

  // From now on this process has no privileges: the guardian, which has, cleans up.
  void without_privileges() { privileged_ = false; }
  // Starts another guardian, for a capture that has changed in what it shares with it.
  void renew_guardian();

  // Takes the recorders out; afterwards all records are in the rings and all counters final. Throws
  // Error.
  void detach();

 private:
  enum class Pin : std::uint8_t { ours, gone, another, unknown };

  // A hook with our recorders, and who guards them.
  struct Post {
    explicit Post(Hook opened) : hook(std::move(opened)) {}
    Hook hook;
    Guardian guardian;
    std::unique_ptr<Installation> installation;
    std::vector<std::uint32_t> users;  // the programs that use the hook
    bool in_use = true;
  };

  [[nodiscard]] std::unique_ptr<Post> man(Hook hook) const;
  [[nodiscard]] Guardian start_guardian(Post& post) const;
  std::string look_at_guardian();
  std::string look_at_pin();
  std::string look_at_users();
  std::string follow();

  Plan plan_;
  std::unique_ptr<Post> post_;
  bool privileged_ = true;
  Pin pin_ = Pin::ours;
  std::string last_error_;
};

}  // namespace xdpcap
