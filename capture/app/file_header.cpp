// SPDX-License-Identifier: BSD-3-Clause
#include "app/file_header.hpp"

#include <sys/utsname.h>

#include "app/options.hpp"

namespace xdpcap {

pcapng::Bytes file_header(const CaptureDescription& capture) {
  utsname system{};
  ::uname(&system);
  const std::string os = std::string(system.sysname) + " " + system.release;

  pcapng::Bytes header = pcapng::section_header(
      {.hardware = system.machine, .os = os, .application = program_version()});
  for (const XdpAction action : capture.actions) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = "XDP" + action.name(),
                                       .description = "XDP action " + action.name() + ", hook " +
                                                      capture.hook + ", host " + system.nodename,
                                       .filter = capture.filter,
                                       .os = os,
                                       .link_type = capture.link_type,
                                       .snaplen = capture.snaplen});
    header.insert(header.end(), interface.begin(), interface.end());
  }
  return header;
}

}  // namespace xdpcap
