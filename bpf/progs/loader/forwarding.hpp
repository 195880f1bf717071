// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

#include <string>
#include <vector>

#include "loader/loader.hpp"

namespace xdpcap::loader {

// Forwarding is what programs that send packets on by the kernel's routes have in common: the
// option --peer, and warnings of what would swallow packets without a word.
class Forwarding {
 public:
  // Adds --peer to the loader's options. The loader has to live longer.
  explicit Forwarding(Loader& loader);

  // Attaches `receive`, a program that only passes, to each --peer: a veth delivers what XDP sends
  // only if its other end has an XDP program (or GRO). Throws Error, UsageError.
  void prepare_peers(const bpf_program* receive);

  // Warns of interfaces of -i where forwarding is off, which FIB lookups respect, and of those
  // that cannot deliver. `family` is "ipv4" or "ipv6".
  void warn(const std::string& family) const;

 private:
  void warn_about(const std::string& family, const std::string& interface) const;

  Loader& loader_;
  std::vector<std::string> peers_;
};

}  // namespace xdpcap::loader
