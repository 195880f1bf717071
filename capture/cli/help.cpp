// SPDX-License-Identifier: BSD-3-Clause
#include "cli/help.hpp"

#include <cstddef>
#include <string_view>

#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kTextColumn = 26;  // where what an option does begins

constexpr std::string_view kUsage =
    "Capture packets as they leave XDP programs, with the action each one got.\n"
    "\n"
    "Usage: xdpcap-cpp [options] <hook> <output|-> [filter ...]\n"
    "       xdpcap-cpp [options] -i SOURCE [-i SOURCE ...] [-w FILE] [filter ...]\n"
    "       xdpcap-cpp -r FILE [options] [-w FILE] [filter ...]\n"
    "\n"
    "<hook> is the pinned hook map of an XDP program, such as /sys/fs/bpf/xdpcap;\n"
    "--list finds it. <output> is the pcapng file to write, or - for stdout (implies\n"
    "-q). [filter] is a tcpdump expression (man pcap-filter), or classic BPF written\n"
    "\"<length>,<code> <jt> <jf> <k>,...\"; without one, every packet is captured.\n"
    "A SIZE is a number of bytes, or has a unit: 64K or 64KiB, 16M, 1G.\n";

constexpr std::string_view kExamples =
    "\n"
    "Examples:\n"
    "  xdpcap-cpp /sys/fs/bpf/xdpcap out.pcap \"icmp\"\n"
    "  xdpcap-cpp /sys/fs/bpf/xdpcap - \"tcp port 80\" | tcpdump -n -r -\n"
    "  xdpcap-cpp --actions drop,aborted /sys/fs/bpf/xdpcap dropped.pcap\n"
    "  xdpcap-cpp -i eth0 -w out.pcap \"icmp\"\n"
    "  xdpcap-cpp -r out.pcap -v --actions drop\n"
    "\n"
    "The manual, xdpcap-cpp(1), has the details.\n";

// Words from kTextColumn on, in lines of kColumns; the first line has `used` columns already.
std::string wrap(std::string_view text, std::size_t used) {
  std::string wrapped;
  for (const std::string_view word : split(text, ' ')) {
    const bool first = used <= kTextColumn;
    if (!first && used + 1 + word.size() > kColumns) {
      wrapped += '\n';
      used = 0;
    }
    const std::size_t gap = used < kTextColumn ? kTextColumn - used : (first ? 0 : 1);
    wrapped += std::string(gap, ' ') + std::string(word);
    used += gap + word.size();
  }
  return wrapped + '\n';
}

std::string option_text(const OptionSummary& option) {
  std::string head = "  " + join(option.names, ", ");
  if (!option.value.empty()) head += (option.value_is_joined() ? "" : " ") + option.value;
  if (head.size() < kTextColumn) return head + wrap(option.description, head.size());
  return head + '\n' + wrap(option.description, 0);
}

}  // namespace

std::string help_text(const std::vector<OptionSummary>& options) {
  std::string text(kUsage);
  std::string group;
  for (const OptionSummary& option : options) {
    if (option.group != group) text += "\n" + option.group + ":\n";
    group = option.group;
    text += option_text(option);
  }
  return text + std::string(kExamples);
}

}  // namespace xdpcap
