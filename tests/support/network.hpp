// SPDX-License-Identifier: BSD-3-Clause
// Network namespaces with veth links between them, for real packets.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace xdpcap::test {

// Namespace is a network namespace, deleted with all that is in it when it goes.
class Namespace {
 public:
  Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  Namespace(Namespace&&) = delete;
  Namespace& operator=(Namespace&&) = delete;
  ~Namespace();

  [[nodiscard]] const std::string& name() const { return name_; }
  // Runs a command inside of it, with the bpffs of the outside. Throws Error when it fails.
  void run(const std::vector<std::string>& command) const;
  // The command in front of which a Process runs inside.
  [[nodiscard]] std::vector<std::string> inside(const std::vector<std::string>& command) const;
  // From now on this thread is inside. Throws Error.
  void enter() const;
  // Calls `action` inside, in a thread of its own, so that the test stays where it is. What it
  // throws comes out.
  void call(const std::function<void()>& action) const;
  [[nodiscard]] int interface_index(const std::string& interface) const;

 private:
  std::string name_;
};

// Joins two namespaces: `a_interface` and `b_interface` are up, with the addresses (a.b.c.d/n).
void join(const Namespace& a, const std::string& a_interface, const std::string& a_address,
          const Namespace& b, const std::string& b_interface, const std::string& b_address);

}  // namespace xdpcap::test
