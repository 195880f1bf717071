// SPDX-License-Identifier: BSD-3-Clause
// The control plane of packet_counter: prints the counters each second.
#include "packet_counter/packet_counter.h"

#include <netinet/in.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "loader/loader.hpp"
#include "loader/percpu.hpp"
#include "packet_counter.skel.h"

namespace {

// The usual names; /etc/protocols may be missing.
std::string counter_name(std::uint32_t index) {
  static const std::map<std::uint32_t, const char*> kNames = {
      {IPPROTO_ICMP, "ICMP"},     {IPPROTO_IGMP, "IGMP"},        {IPPROTO_IPIP, "IPIP"},
      {IPPROTO_TCP, "TCP"},       {IPPROTO_UDP, "UDP"},          {IPPROTO_IPV6, "IPv6-in-IP"},
      {IPPROTO_GRE, "GRE"},       {IPPROTO_ESP, "ESP"},          {IPPROTO_AH, "AH"},
      {IPPROTO_ICMPV6, "ICMPv6"}, {IPPROTO_SCTP, "SCTP"},        {89, "OSPF"},
      {COUNTER_NOT_IP, "not IP"}, {COUNTER_TRUNCATED, "cut off"}};
  const auto found = kNames.find(index);
  return found != kNames.end() ? found->second : "protocol " + std::to_string(index);
}

void print_counters(const bpf_map* counters) {
  std::string line;
  for (std::uint32_t index = 0; index < COUNTER_COUNT; index++) {
    const std::uint64_t count = xdpcap::loader::sum_over_cpus(counters, index);
    if (count == 0) continue;
    if (!line.empty()) line += ", ";
    line += counter_name(index) + " " + std::to_string(count);
  }
  std::printf("%s\n", line.empty() ? "nothing yet" : line.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("packet_counter", "Counts packets by IP protocol.");
  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<packet_counter_bpf>();
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.packet_counter);
    const auto print = [&] { print_counters(skeleton->maps.counters); };
    loader.run_until_stopped({.every_second = print});
    print();
  });
}
