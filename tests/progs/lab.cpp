// SPDX-License-Identifier: BSD-3-Clause
#include "progs/lab.hpp"

#include <unistd.h>

#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap::test {
namespace {

const std::string kScript = std::string(SOURCE_DIR) + "/tests/lab";

}  // namespace

Lab::Lab(const std::string& topology)
    : id_("test" + std::to_string(getpid())), hook_("/sys/fs/bpf/xdpcap_" + id_) {
  const Output up = output_of({kScript, "--id", id_, "up", topology});
  if (up.exit_code != 0) throw Error("making a lab: " + up.text);
  for (const std::string_view line : split(up.text, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    names_[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
  }
}

Lab::~Lab() {
  output_of({kScript, "--id", id_, "down"});
  unlink(hook_.c_str());
}

const std::string& Lab::name(const std::string& variable) const {
  const auto found = names_.find("LAB_" + variable);
  if (found == names_.end()) throw Error("looking for LAB_" + variable + ": the lab has none");
  return found->second;
}

std::vector<std::string> Lab::in(const std::string& node,
                                 const std::vector<std::string>& command) const {
  std::vector<std::string> whole = {kScript, "--id", id_, "exec", node};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

Output Lab::exec(const std::string& node, const std::vector<std::string>& command) const {
  return output_of(in(node, command));
}

std::vector<std::string> Lab::script(const std::string& text) const {
  std::string whole =
      "lab() { " + kScript + " --id " + id_ + " exec \"$@\"; }\nHOOK=" + hook_ + "\n";
  for (const auto& [name, value] : names_) whole.append(name).append("=").append(value) += '\n';
  return {"sh", "-c", whole + text};
}

std::string bin(const std::string& name) {
  return std::string(BIN_DIR) + "/" + name;
}

}  // namespace xdpcap::test
