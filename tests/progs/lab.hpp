// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string>
#include <vector>

#include "progs/command.hpp"

namespace xdpcap::test {

// Lab is a network that tests/lab made, with an id of this process, taken down when it goes. It
// also has a unique path for a hook.
class Lab {
 public:
  explicit Lab(const std::string& topology);
  Lab(Lab&&) = delete;
  Lab& operator=(Lab&&) = delete;
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  // What tests/lab printed: name("NODE_IP") is the value of LAB_NODE_IP. Throws Error.
  [[nodiscard]] const std::string& name(const std::string& variable) const;
  [[nodiscard]] Output exec(const std::string& node, const std::vector<std::string>& command) const;
  // The command line that runs `command` in a node.
  [[nodiscard]] std::vector<std::string> in(const std::string& node,
                                            const std::vector<std::string>& command) const;
  // The command line of a shell that runs `text` with the lab's variables ($LAB_NODE_IP), the path
  // of the hook ($HOOK), and `lab NODE COMMAND...` as short for tests/lab exec.
  [[nodiscard]] std::vector<std::string> script(const std::string& text) const;
  [[nodiscard]] const std::string& hook() const { return hook_; }

 private:
  std::string id_;
  std::string hook_;
  std::map<std::string, std::string> names_;
};

// The path of an executable of this build.
std::string bin(const std::string& name);

}  // namespace xdpcap::test
