// SPDX-License-Identifier: BSD-3-Clause
#include "output/file_header.hpp"

#include <sys/utsname.h>

#include "base/version.hpp"

namespace xdpcap {

pcapng::Bytes file_header(const FileDescription& file) {
  utsname system{};
  ::uname(&system);
  const std::string os = std::string(system.sysname) + " " + system.release;

  pcapng::Bytes header = pcapng::section_header({.hardware = system.machine,
                                                 .os = os,
                                                 .application = kProgramVersion,
                                                 .comment = file.comment});
  for (const FileDescription::Interface& one : file.interfaces) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = one.name,
                                       .description = one.description + ", host " + system.nodename,
                                       .filter = file.filter,
                                       .os = os,
                                       .link_type = file.link_type,
                                       .snaplen = file.snaplen});
    header.insert(header.end(), interface.begin(), interface.end());
  }
  return header;
}

pcapng::Bytes file_header(const CaptureDescription& capture) {
  FileDescription file{.interfaces = {},
                       .filter = capture.filter,
                       .link_type = capture.link_type,
                       .snaplen = capture.snaplen,
                       .comment = capture.comment};
  for (const auto& [source, action] : capture.interfaces) {
    const auto& [label, description] = capture.sources.at(source);
    file.interfaces.push_back({(label.empty() ? "" : label + "/") + "XDP" + action.name(),
                               "XDP action " + action.name() + ", " + description});
  }
  return file_header(file);
}

}  // namespace xdpcap
