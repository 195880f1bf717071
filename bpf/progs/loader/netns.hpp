// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap::loader {

// Netns is the network namespace in which interfaces are looked up: the current one, or a named one
// (`ip netns add`). Only the calling thread enters it, for one step at a time, and the mount
// namespace stays the same, so bpffs remains visible. (`ip netns exec` also mounts a new /sys,
// which hides /sys/fs/bpf.)
class Netns {
 public:
  Netns() = default;
  // `name` as in `ip netns list`, or a path such as /proc/PID/ns/net; empty for the current one.
  // Throws Error.
  explicit Netns(const std::string& name);

  // Runs `step` with the thread in the namespace and returns to the old one, also on exceptions.
  template <class Step>
  auto run(Step&& step) const -> decltype(step()) {
    const Visit visit(*this);
    return step();
  }

  // " in NAME", or nothing for the current one: for messages.
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
