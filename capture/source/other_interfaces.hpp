// SPDX-License-Identifier: BSD-3-Clause
// The other interfaces whose packets pass the recorders of a source that is an interface: a hook
// serves every program that uses it, and a program every interface that it is attached to. Their
// packets are not the source's, and its recorders exclude them.
//
// The recorders do not compare with the interface of the source instead: the program of a bond runs
// on the bond's ports, and its packets have the ports' indexes.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bpf/xdp_attachments.hpp"

namespace xdpcap {

class OtherInterfaces {
 public:
  // The interface of the source.
  struct Own {
    std::string text;  // as typed by the user
    std::string name;
    std::string network_namespace;  // empty: the current one
  };

  // Of a source that is no interface: there are none.
  OtherInterfaces() = default;
  explicit OtherInterfaces(Own own) : own_(std::move(own)) {}

  // Looks for interfaces where one of these programs runs, by id, and adds them to those known.
  // Returns a line for the user if some cannot be excluded. Interfaces in network namespaces
  // without a name are found only if their program is attached by a BPF link. Throws Error.
  std::vector<std::string> find(const std::vector<std::uint32_t>& programs);

  // Sorted.
  [[nodiscard]] const std::vector<std::uint32_t>& indexes() const { return indexes_; }

 private:
  [[nodiscard]] bool is_in_our_namespace(const XdpAttachment& one) const;
  [[nodiscard]] std::string inseparable(const std::set<std::string>& names) const;

  std::optional<Own> own_;
  std::vector<std::uint32_t> indexes_;
};

}  // namespace xdpcap
