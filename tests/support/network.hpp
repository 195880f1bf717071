// SPDX-License-Identifier: BSD-3-Clause
// Network namespaces with veth links between them, for real packets.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace xdpcap::test {

// Namespace is a network namespace, deleted on destruction with everything in it.
class Namespace {
 public:
  Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  Namespace(Namespace&&) = delete;
  Namespace& operator=(Namespace&&) = delete;
  ~Namespace();

  [[nodiscard]] const std::string& name() const { return name_; }
  // Runs a command inside it, with the host's bpffs. Throws Error if it fails.
  void run(const std::vector<std::string>& command) const;
  // The command that runs `command` inside it, for Process.
  [[nodiscard]] std::vector<std::string> inside(const std::vector<std::string>& command) const;
  // Moves this thread into it for good. Throws Error.
  void enter() const;
  // Calls `action` inside it, in another thread, so that the test's own namespace does not change.
  // Exceptions are propagated.
  void call(const std::function<void()>& action) const;
  [[nodiscard]] int interface_index(const std::string& interface) const;

 private:
  std::string name_;
};

// Joins two namespaces: `a_interface` and `b_interface` are up, with the addresses (a.b.c.d/n).
void join(const Namespace& a, const std::string& a_interface, const std::string& a_address,
          const Namespace& b, const std::string& b_interface, const std::string& b_address);

}  // namespace xdpcap::test
