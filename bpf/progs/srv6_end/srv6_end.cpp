// SPDX-License-Identifier: BSD-3-Clause
// The control plane of srv6_end: fills in the segments, prints the statistics.
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "loader/counter_line.hpp"
#include "loader/forwarding.hpp"
#include "loader/loader.hpp"
#include "srv6_end.skel.h"
#include "srv6_end/srv6_end.h"

namespace {

std::vector<in6_addr> parse_segments(const std::vector<std::string>& words) {
  std::vector<in6_addr> segments;
  for (const std::string& word : words) {
    in6_addr segment{};
    if (inet_pton(AF_INET6, word.c_str(), &segment) != 1) {
      throw xdpcap::UsageError("--segment " + word + ": not an IPv6 address");
    }
    segments.push_back(segment);
  }
  if (segments.size() > SEGMENTS_MAX) {
    throw xdpcap::UsageError("too many segments: the limit is " + std::to_string(SEGMENTS_MAX));
  }
  return segments;
}

void add_segments(const bpf_map* map, const std::vector<in6_addr>& segments) {
  for (const in6_addr& segment : segments) {
    constexpr std::uint8_t kPresent = 1;
    if (bpf_map_update_elem(bpf_map__fd(map), &segment, &kPresent, 0) != 0) {
      throw xdpcap::system_error("adding a segment", errno);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("srv6_end", "SRv6 endpoint: sends packets to their next segment.");
  std::vector<std::string> words;
  loader.app()
      .add_option("-s,--segment", words, "segment to serve; may be repeated")
      ->required()
      ->type_name("IPV6")
      ->allow_extra_args(false);
  xdpcap::loader::Forwarding forwarding(loader);

  return loader.run(argc, argv, [&] {
    const auto segments = parse_segments(words);
    const auto skeleton = loader.load<srv6_end_bpf>();
    add_segments(skeleton->maps.segments, segments);
    forwarding.prepare_peers(skeleton->progs.receive);
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.srv6_end);
    forwarding.warn("ipv6");
    xdpcap::loader::CounterLine counters(
        skeleton->maps.statistics, {"forwarded", "to the kernel", "malformed", "out of hops"});
    const auto print_changed = [&] { counters.print_if_changed(); };
    loader.run_until_stopped({.every_second = print_changed});
    print_changed();
  });
}
