// SPDX-License-Identifier: BSD-3-Clause
#include "output/file_header.hpp"

#include <sys/utsname.h>

#include <utility>

#include "base/text.hpp"
#include "base/version.hpp"

namespace xdpcap {
namespace {

std::string joined(std::string first, const std::string& second, const char* between) {
  if (!first.empty() && !second.empty()) first += between;
  return first + second;
}

// "sample=100 rate=1000": the comment of each interface.
std::string for_programs(const Budget& budget) {
  return joined(budget.sample > 1 ? "sample=" + std::to_string(budget.sample) : "",
                budget.rate > 0 ? "rate=" + std::to_string(budget.rate) : "", " ");
}

}  // namespace

std::string in_words(const Budget& budget) {
  const std::string sample = "1 in " + std::to_string(budget.sample) + " packets at random";
  const std::string rate = "at most " + counted(budget.rate, "packet") + " a second";
  return joined(budget.sample > 1 ? sample : "", budget.rate > 0 ? rate : "", ", ");
}

pcapng::Bytes file_header(const FileDescription& file) {
  utsname system{};
  ::uname(&system);
  const std::string os = std::string(system.sysname) + " " + system.release;

  pcapng::Bytes header = pcapng::section_header({.hardware = system.machine,
                                                 .os = os,
                                                 .application = kProgramVersion,
                                                 .comment = file.section_comment});
  for (const FileDescription::Interface& one : file.interfaces) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = one.name,
                                       .description = one.description + ", host " + system.nodename,
                                       .filter = file.filter,
                                       .os = os,
                                       .link_type = file.link_type,
                                       .snaplen = file.snaplen,
                                       .comment = file.comment});
    header.insert(header.end(), interface.begin(), interface.end());
  }
  return header;
}

pcapng::Bytes file_header(const CaptureDescription& capture) {
  FileDescription file{.interfaces = {},
                       .filter = capture.filter,
                       .link_type = capture.link_type,
                       .snaplen = capture.snaplen,
                       .section_comment = capture.section_comment,
                       .comment = for_programs(capture.budget)};
  std::string limits = in_words(capture.budget);
  if (!limits.empty()) limits.insert(0, ", ");
  for (const auto& [source, action] : capture.interfaces) {
    const auto& [label, described] = capture.sources.at(source);
    std::string description = "XDP action " + action.name() + ", ";
    description.append(described).append(limits);
    file.interfaces.push_back(
        {(label.empty() ? "" : label + "/") + "XDP" + action.name(), std::move(description)});
  }
  return file_header(file);
}

}  // namespace xdpcap
