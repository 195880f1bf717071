// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap::loader {

// Netns is the network namespace that interfaces are looked for in: the own one, or one that
// `ip netns add` made. Only the calling thread enters it, for one step at a time, and only the
// network is another's there: bpffs stays the one the loader sees. (`ip netns exec` does more, it
// mounts /sys anew, and with it /sys/fs/bpf is gone: pins made there vanish.)
class Netns {
 public:
  Netns() = default;
  // `name` as in `ip netns list`, or a path such as /proc/PID/ns/net; empty for the own one.
  // Throws Error.
  explicit Netns(const std::string& name);

  // Runs `step` with the thread in the namespace and goes back, also when it throws.
  template <class Step>
  auto run(Step&& step) const -> decltype(step()) {
    const Visit visit(*this);
    return step();
  }

  // " in NAME", or nothing for the own one: for messages.
  [[nodiscard]] std::string in() const { return name_.empty() ? "" : " in " + name_; }

 private:
  class Visit {
   public:
    explicit Visit(const Netns& netns);
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    Visit(Visit&&) = delete;
    Visit& operator=(Visit&&) = delete;
    ~Visit();

   private:
    UniqueFd home_;
  };

  std::string name_;
  UniqueFd fd_;
};

}  // namespace xdpcap::loader
