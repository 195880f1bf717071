// SPDX-License-Identifier: BSD-3-Clause
#include "progs/capture_scenarios.hpp"

#include <utility>

namespace xdpcap::test {
namespace {

// A web server that answers once on the node's address $1, and curl on the peer.
const std::string kCurl = R"(
  fetch() {
    printf 'HTTP/1.0 200 OK\r\n\r\nhello' | lab node nc -l -N "$1" 8080 > /dev/null &
    until lab node ss -Hltn | grep -q :8080; do sleep 0.05; done
    lab peer curl -s -m 5 "http://${2:-$1}:8080/"
    wait
  }
)";

const std::string kTunnel =
    "encap -i eth0 --netns $LAB_ROUTER --local $LAB_ROUTER_IP_1 --remote $LAB_RIGHT_IP "
    "--inner 10.99.0.0/24";
const std::string kTunnelEnd =
    "encap -i eth0 --netns $LAB_RIGHT --local $LAB_RIGHT_IP --remote $LAB_ROUTER_IP_1 "
    "--inner 10.98.0.0/24";
const std::string kThroughTheTunnel =
    "lab right ip addr add 10.99.0.1/32 dev lo\n"
    "lab router ping -c 1 -W 2 $LAB_RIGHT_IP\n"
    "lab left ping -c 2 -i 0.05 -W 2 10.99.0.1";

Scenario small_program(const std::string& name) {
  return {.name = name,
          .topology = "one",
          .helper = "",
          .program = name + " -i eth0 --netns $LAB_NODE",
          .hook = "$HOOK",
          .traffic = "",
          .traffic_shows = "",
          .program_says = {},
          .filter = "",
          .fields = "",
          .packets = {}};
}

Scenario xdp_pass() {
  Scenario scenario = small_program("xdp_pass");
  scenario.traffic = "lab peer ping -c 2 -i 0.05 -W 2 $LAB_NODE_IP";
  scenario.traffic_shows = "2 packets transmitted, 2 received, 0% packet loss";
  scenario.filter = "icmp";
  scenario.fields = "-e icmp.type -e icmp.seq";
  scenario.packets = {"XDPpass 8 1", "XDPpass 8 2"};
  return scenario;
}

Scenario packet_counter() {
  Scenario scenario = small_program("packet_counter");
  scenario.traffic = kCurl + "fetch $LAB_NODE_IP; lab peer ping -c 2 -i 0.05 -W 2 $LAB_NODE_IP6";
  scenario.traffic_shows = "2 packets transmitted, 2 received, 0% packet loss";
  scenario.program_says = {"TCP ", "ICMPv6 "};
  scenario.filter = "icmpv6.type == 128 || tcp.flags.syn == 1";
  scenario.fields = "-e ip.proto -e ipv6.nxt";
  scenario.packets = {"XDPpass 6", "XDPpass  58", "XDPpass  58"};
  return scenario;
}

Scenario icmp_even_drop() {
  Scenario scenario = small_program("icmp_even_drop");
  scenario.traffic = "lab peer ping -c 4 -i 0.05 -W 1 $LAB_NODE_IP";
  scenario.traffic_shows = "4 packets transmitted, 2 received, 50% packet loss";
  scenario.filter = "icmp";
  scenario.fields = "-e icmp.seq";
  scenario.packets = {"XDPpass 1", "XDPdrop 2", "XDPpass 3", "XDPdrop 4"};
  return scenario;
}

Scenario xdp_dump() {
  Scenario scenario = small_program("xdp_dump");
  scenario.traffic = kCurl + "fetch $LAB_NODE_IP6 [$LAB_NODE_IP6]";
  scenario.traffic_shows = "hello";
  scenario.program_says = {"TCP: [fd11::2]:", " -> [fd11::1]:8080\n00000000  ",
                           "xdp_dump: 0 SYNs lost\n"};
  scenario.filter = "tcp.flags.syn == 1";
  scenario.fields = "-e tcp.dstport";
  scenario.packets = {"XDPpass 8080"};
  return scenario;
}

Scenario basic_firewall() {
  Scenario scenario = small_program("basic_firewall");
  scenario.program += " --drop $LAB_PEER_IP --drop 10.0.0.0/8";
  scenario.traffic =
      kCurl + "lab peer ping -c 2 -i 0.05 -W 1 $LAB_NODE_IP\nfetch $LAB_NODE_IP6 [$LAB_NODE_IP6]";
  scenario.traffic_shows = "hello";
  scenario.program_says = {"basic_firewall: 2 rules\n", "10.11.0.2/32 dropped 2\n"};
  scenario.filter = "icmp || tcp.flags.syn == 1";
  scenario.fields = "-e ip.src -e ipv6.src";
  scenario.packets = {"XDPdrop 10.11.0.2", "XDPdrop 10.11.0.2", "XDPpass  fd11::2"};
  return scenario;
}

Scenario payload_cutter() {
  Scenario scenario = small_program("payload_cutter");
  scenario.program += " --keep 5";
  scenario.traffic = R"(
    lab node timeout 2 nc -u -l $LAB_NODE_IP 9999 &
    until lab node ss -Hlun | grep -q :9999; do sleep 0.05; done
    printf 'hello, world' | lab peer nc -u -w 1 $LAB_NODE_IP 9999
    wait)";
  scenario.traffic_shows = "hello";
  scenario.filter = "udp.dstport == 9999";
  scenario.fields = "-e udp.length -e udp.checksum.status -e ip.checksum.status -e data.data";
  scenario.packets = {"XDPpass 13 1 1 68656c6c6f"};
  return scenario;
}

// What `first` decides is not seen at the hook of `second`, and the other way round.
Scenario chain(const std::string& hook) {
  Scenario scenario = small_program("chain");
  scenario.name += "_" + hook;
  scenario.hook = "${HOOK}_" + hook;
  scenario.traffic =
      "echo hello | lab peer nc -u -w 1 $LAB_NODE_IP 9\n"
      "lab peer ping -c 2 -i 0.05 -W 1 $LAB_NODE_IP; lab peer ping -c 1 -W 2 $LAB_NODE_IP6";
  scenario.traffic_shows = "1 packets transmitted, 1 received, 0% packet loss";
  scenario.filter = "udp.dstport == 9 || icmp || icmpv6.type == 128";
  scenario.fields = "-e ip.proto -e ipv6.nxt";
  scenario.packets = hook == "first"
                         ? std::vector<std::string>{"XDPdrop 17"}
                         : std::vector<std::string>{"XDPdrop 1", "XDPdrop 1", "XDPpass  58"};
  return scenario;
}

Scenario redirect_map() {
  Scenario scenario = small_program("redirect_map");
  scenario.topology = "router";
  scenario.program =
      "redirect_map -i eth0 -i eth1 --netns $LAB_ROUTER --peer $LAB_LEFT:eth0 "
      "--peer $LAB_RIGHT:eth0";
  scenario.traffic =
      "lab right ping -c 1 -W 2 $LAB_ROUTER_IP_1; lab left ping -c 2 -i 0.05 -W 2 $LAB_RIGHT_IP";
  scenario.traffic_shows = "2 packets transmitted, 2 received, 0% packet loss";
  scenario.filter = "icmp && !icmp.seq == 0";
  // To its own address; then to the right, with a time to live that is one less, and back.
  scenario.fields = "-e icmp.type -e icmp.seq -e ip.dst -e ip.ttl -e ip.checksum.status";
  scenario.packets = {"XDPtx 0 1 10.11.2.2 64 1", "XDPredirect 8 1 10.11.2.2 63 1",
                      "XDPredirect 0 1 10.11.1.2 63 1", "XDPredirect 8 2 10.11.2.2 63 1",
                      "XDPredirect 0 2 10.11.1.2 63 1"};
  return scenario;
}

Scenario srv6_end() {
  Scenario scenario = small_program("srv6_end");
  scenario.topology = "srv6";
  scenario.program =
      "srv6_end -i eth0 --netns $LAB_NODE --segment $LAB_SEGMENT --peer $LAB_TARGET:eth0";
  scenario.traffic = "lab source ping -c 2 -i 0.05 -W 2 $LAB_TARGET_SERVICE";
  scenario.traffic_shows = "2 packets transmitted, 2 received, 0% packet loss";
  scenario.program_says = {"forwarded 2, to the kernel 0"};
  scenario.filter = "icmpv6.type == 128";
  scenario.fields = "-e ipv6.dst -e ipv6.hlim -e ipv6.routing.segleft";
  scenario.packets = {"XDPredirect fd11:99::1 63 0", "XDPredirect fd11:99::1 63 0"};
  return scenario;
}

Scenario encap(const std::string& type) {
  Scenario scenario = small_program("encap");
  scenario.name += "_" + type;
  scenario.topology = "router";
  scenario.helper = kTunnelEnd + " --type " + type;
  scenario.program = kTunnel + " --type " + type;
  scenario.traffic = kThroughTheTunnel;
  scenario.traffic_shows = "2 packets transmitted, 2 received, 0% packet loss";
  scenario.program_says = {"encapsulated 2, decapsulated 0"};
  scenario.filter = "ip.dst == 10.99.0.1";
  scenario.fields = "-e ip.dst -e ip.proto -e ip.len -e ip.checksum.status -e icmp.seq";
  const std::string outer =
      type == "gre" ? "XDPredirect 10.11.2.2 47 108 1 " : "XDPredirect 10.11.2.2 4 104 1 ";
  scenario.packets = {outer + "1", outer + "2"};
  return scenario;
}

// The same tunnel, captured where packets leave it.
Scenario decap(const std::string& type) {
  Scenario scenario = encap(type);
  scenario.name = "decap_" + type;
  std::swap(scenario.program, scenario.helper);
  scenario.program_says = {"encapsulated 0, decapsulated 2"};
  scenario.packets = {"XDPpass 10.99.0.1 1 84 1 1", "XDPpass 10.99.0.1 1 84 1 2"};
  return scenario;
}

}  // namespace

const std::vector<Scenario>& capture_scenarios() {
  static const std::vector<Scenario> kAll = {
      xdp_pass(),     packet_counter(), icmp_even_drop(), xdp_dump(),     basic_firewall(),
      redirect_map(), srv6_end(),       payload_cutter(), chain("first"), chain("second"),
      encap("ipip"),  encap("gre"),     decap("ipip"),    decap("gre")};
  return kAll;
}

}  // namespace xdpcap::test
