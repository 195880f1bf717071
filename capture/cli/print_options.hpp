// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// How packets are printed: options of tcpdump, most of which are handed on to it. Parsing fills
// `options`, which must outlive `app`.
class PrintOptions {
 public:
  void declare(CLI::App& app, Options& options);
  // Throws UsageError.
  void finish(Options& options) const;

  // Tcpdump's flags that are handed on, and how often each may be given. With -# and -t, they say
  // nothing unless packets are printed.
  struct Flag {
    const char* name;
    const char* description;
  };
  static constexpr std::array<Flag, 9> kFlags = {{
      {"-e", "Print the link-level header, too"},
      {"-v", "Print more of each packet; -vv and -vvv even more"},
      {"-A", "Print the packet as text; -AA with its link-level header"},
      {"-X", "Print the packet in hex and as text; -XX with its link-level header"},
      {"-x", "Print the packet in hex; -xx with its link-level header"},
      {"-S", "Print absolute TCP sequence numbers"},
      {"-H", "Look for 802.11s mesh headers"},
      {"-K", "Do not verify checksums of IP, TCP and UDP"},
      {"-u", "Print NFS file handles as they are"},
  }};
  // And its options with a value.
  struct Value {
    const char* name;
    const char* placeholder;
    const char* description;
  };
  static constexpr std::array<Value, 4> kValues = {{
      {"-T", "TYPE", "Decode packets as of this type: vxlan, snmp, rtp, ... (see tcpdump)"},
      {"-E", "KEY", "Decrypt IPsec packets (ESP) with this key, as tcpdump takes it"},
      {"-M", "SECRET", "Check TCP-MD5 digests with this secret"},
      {"-m", "MODULE", "Load this MIB module, for SNMP"},
  }};

 private:
  std::array<int, kFlags.size()> flags_{};  // how often each was given
  std::array<std::vector<std::string>, kValues.size()> values_;
  int time_ = 0;
  bool short_ = false;  // -q
};

}  // namespace xdpcap
