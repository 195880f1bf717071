// SPDX-License-Identifier: BSD-3-Clause
#include "source/other_interfaces.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "bpf/program_extensions.hpp"
#include "process/network_namespace.hpp"

namespace xdpcap {
namespace {

// Where some programs run.
struct Users {
  std::set<std::uint32_t> attached;  // the programs on the interfaces: they, or their dispatchers
  // One of them is attached nowhere. Others call it, on whatever interfaces these are.
  bool is_called = false;
};

Users users_of(const std::vector<std::uint32_t>& programs,
               const std::vector<XdpAttachment>& attachments) {
  Users users;
  const auto dispatchers = extended_programs();
  for (const std::uint32_t program : programs) {
    std::set<std::uint32_t> its = {program};
    const auto [first, last] = dispatchers.equal_range(program);
    std::transform(first, last, std::inserter(its, its.end()),
                   [](const auto& one) { return one.second; });
    users.is_called = users.is_called || std::none_of(attachments.begin(), attachments.end(),
                                                      [&](const XdpAttachment& one) {
                                                        return its.contains(one.program_id);
                                                      });
    users.attached.merge(its);
  }
  return users;
}

std::string name_of(const XdpAttachment& one) {
  if (one.interface.empty()) {
    return "interface " + std::to_string(one.index) + " of a network namespace without a name";
  }
  return one.interface + (one.network_namespace.empty() ? "" : "@" + one.network_namespace);
}

}  // namespace

// To exclude an interface too many costs no packets of ours, which never have its index.
std::vector<std::string> OtherInterfaces::find(const std::vector<std::uint32_t>& programs) {
  if (!own_) return {};
  const InterfacePrograms own = find_interface(own_->name, own_->network_namespace);
  std::set<std::uint32_t> ours(own.ports.begin(), own.ports.end());
  ours.insert(own.index);
  const std::vector<XdpAttachment> attachments = xdp_attachments();
  const Users users = users_of(programs, attachments);
  std::set<std::uint32_t> excluded(indexes_.begin(), indexes_.end());
  std::set<std::string> not_excluded;
  for (const XdpAttachment& one : attachments) {
    const bool is_user = users.attached.contains(one.program_id);
    if (ours.contains(one.index)) {
      if (is_user && !is_in_our_namespace(one)) not_excluded.insert(name_of(one));
    } else if (is_user || users.is_called) {
      excluded.insert(one.index);
    }
  }
  for (const std::uint32_t index : ours) excluded.erase(index);
  indexes_.assign(excluded.begin(), excluded.end());
  if (not_excluded.empty()) return {};
  return {inseparable(not_excluded)};
}

// Only an interface in a namespace out of sight has no name.
bool OtherInterfaces::is_in_our_namespace(const XdpAttachment& one) const {
  return !one.interface.empty() &&
         is_same_network_namespace(one.network_namespace, own_->network_namespace);
}

std::string OtherInterfaces::inseparable(const std::set<std::string>& names) const {
  const bool one = names.size() == 1;
  return own_->text + ": the packets of " + join({names.begin(), names.end()}, ", ") +
         " are captured, too: " + (one ? "it uses" : "they use") +
         " the same program or hook, and in " + (one ? "its" : "their") + " network namespace " +
         (one ? "it has" : "they have") + " the index that " + own_->text +
         " has in its own, so recorders cannot tell them apart";
}

}  // namespace xdpcap
