// SPDX-License-Identifier: BSD-3-Clause
#include "cli/other_tools.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace xdpcap {
namespace {

using Kind = OtherOption::Kind;

constexpr bool kFlag = false;
constexpr bool kValue = true;

constexpr std::array kOthers = std::to_array<OtherOption>({
    // Names.
    {"--snapshot-length", kValue, Kind::alias, "--snaplen", {}},
    {"--list-interfaces", kFlag, Kind::alias, "--list", {}},
    {"--list-data-link-types", kFlag, Kind::alias, "-L", {}},
    {"--buffer-size", kValue, Kind::alias, "-B", {}},
    {"--absolute-tcp-sequence-numbers", kFlag, Kind::alias, "-S", {}},
    {"--dont-verify-checksums", kFlag, Kind::alias, "-K", {}},
    {"--relinquish-privileges", kValue, Kind::alias, "-Z", {}},

    // What is so in any case.
    {"--packet-buffered", kFlag, Kind::ignored, {}, {}},
    {"--no-promiscuous-mode", kFlag, Kind::ignored, {}, {}},
    {"--immediate-mode", kFlag, Kind::ignored, {}, {}},
    {"-f", kFlag, Kind::ignored, {}, {}},
    {"-N", kFlag, Kind::ignored, {}, {}},
    {"--nano", kFlag, Kind::ignored, {}, {}},
    {"--micro", kFlag, Kind::ignored, {}, {}},
    {"--time-stamp-precision", kValue, Kind::ignored, "nano,micro", "files have nanoseconds"},
    {"-j,--time-stamp-type", kValue, Kind::ignored, "host",
     "packets have the kernel's time at the end of the program"},
    {"-Q,--direction", kValue, Kind::ignored, "in,inout", "XDP programs see received packets only"},

    // What cannot be done, or is done in another way.
    {"-I,--monitor-mode", kFlag, Kind::refused, "XDP programs run on no monitor interface",
     "tcpdump -I captures from it"},
    {"-O,--no-optimize", kFlag, Kind::refused, "filters are always optimised",
     "tcpdump -d -O shows one that is not"},
    {"-V", kValue, Kind::refused, "captures are made here, not read from a list of files",
     "tcpdump -V reads them"},
    {"--lengths", kFlag, Kind::refused, "packets are printed without it",
     "-w - | tcpdump -r - prints with all of tcpdump's options"},
    {"--count", kFlag, Kind::refused, "every capture ends with its counts",
     "write to /dev/null to have only these"},
    {"--skip", kValue, Kind::refused, "packets are captured from the first one on",
     "editcap removes some from a file"},
    {"--print-sampling", kValue, Kind::refused, "the kernel takes the sample", "--sample N"},
    {"--list-remote-interfaces", kValue, Kind::refused, "there are no remote sources",
     "run the tool there, and send its output through ssh"},
    {"--ifname,--ifdescr", kValue, Kind::refused,
     "sources have their own names and descriptions in the file", "a pipe cannot be a source"},
    {"-k", kValue, Kind::refused, "XDP programs run on no monitor interface", "iw sets channels"},
    {"-g", kFlag, Kind::refused, "files have the permissions that the umask leaves them",
     "umask 027 lets a group read them"},
    {"-P", kFlag, Kind::refused, "files are pcapng, as actions do not fit into pcap",
     "editcap -F pcap converts them"},
    {"--capture-comment", kValue, Kind::refused, "the file has comments of its own",
     "editcap --capture-comment adds one"},
    {"--temp-dir", kValue, Kind::refused, "there are no temporary files", "-w names the output"},
    {"--log-level,--log-fatal,--log-domains,--log-debug,--log-noisy,--log-file", kValue,
     Kind::refused, "there is no log", "messages are on stderr"},
    {"--update-interval", kValue, Kind::refused, "statistics are printed each second",
     "-q prints none"},
    {"--application-flavor", kValue, Kind::refused, "the tool has one flavor",
     "-h lists the options"},
});

bool has_name(const OtherOption& option, std::string_view name) {
  const auto names = split(option.names, ',');
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const OtherOption* find_other_option(std::string_view name) {
  const auto* const found = std::find_if(
      kOthers.begin(), kOthers.end(), [&](const OtherOption& one) { return has_name(one, name); });
  return found == kOthers.end() ? nullptr : found;
}

}  // namespace xdpcap
