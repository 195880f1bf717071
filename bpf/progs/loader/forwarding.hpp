// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

#include <string>
#include <vector>

#include "loader/loader.hpp"

namespace xdpcap::loader {

// Forwarding is what programs that forward by the kernel's routes have in common: the option
// --peer, and warnings of settings that would silently lose packets.
class Forwarding {
 public:
  // Adds --peer to the loader's options. The loader must outlive this.
  explicit Forwarding(Loader& loader);

  // Attaches `receive`, a program that only passes, to each --peer: a veth delivers frames that
  // XDP sends only if its peer has an XDP program (for redirected frames, GRO will do). Throws
  // Error, UsageError.
  void prepare_peers(const bpf_program* receive);

  // Warns about interfaces of -i on which forwarding is off (FIB lookups then fail) or that cannot
  // transmit frames from XDP. `family` is "ipv4" or "ipv6".
  void warn(const std::string& family) const;

 private:
  void warn_about(const std::string& family, const std::string& interface) const;

  Loader& loader_;
  std::vector<std::string> peers_;
};

}  // namespace xdpcap::loader
