// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>

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
  static constexpr std::array<Flag, 8> kFlags = {{
      {"-e", "Print the link-level header, too"},
      {"-v", "Print more of each packet; -vv and -vvv even more"},
      {"-A", "Print the packet as text; -AA with its link-level header"},
      {"-X", "Print the packet in hex and as text; -XX with its link-level header"},
      {"-x", "Print the packet in hex; -xx with its link-level header"},
      {"-S", "Print absolute TCP sequence numbers"},
      {"-H", "Look for 802.11s mesh headers"},
      {"-K", "Do not verify checksums of IP, TCP and UDP"},
  }};

 private:
  std::array<int, kFlags.size()> flags_{};  // how often each was given
  int time_ = 0;
  bool short_ = false;  // -q
};

}  // namespace xdpcap
