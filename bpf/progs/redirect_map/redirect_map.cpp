// SPDX-License-Identifier: BSD-3-Clause
// The control plane of redirect_map: fills in interfaces and addresses, prepares veth peers, and
// warns about what would swallow packets.
#include <bpf/bpf.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "loader/loader.hpp"
#include "loader/xdp_features.hpp"
#include "redirect_map.skel.h"

namespace {

using xdpcap::loader::Loader;
using xdpcap::loader::Mode;
using xdpcap::loader::Netns;

// In the namespace of the interfaces: the kernel looks a DEVMAP's devices up where the caller is.
void add_devices(const bpf_map* devices, const std::vector<std::string>& interfaces) {
  for (const std::string& interface : interfaces) {
    const std::uint32_t ifindex = if_nametoindex(interface.c_str());
    if (ifindex == 0 || bpf_map_update_elem(bpf_map__fd(devices), &ifindex, &ifindex, 0) != 0) {
      throw xdpcap::system_error("adding " + interface + " to the DEVMAP", errno);
    }
  }
}

void add_own_addresses(const bpf_map* own_addresses) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) throw xdpcap::system_error("listing addresses", errno);
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    const in_addr_t address =
        reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr;
    constexpr std::uint8_t kPresent = 1;
    if (bpf_map_update_elem(bpf_map__fd(own_addresses), &address, &kPresent, 0) != 0) {
      throw xdpcap::system_error("adding an address", errno);
    }
  }
}

// "NETNS:IFACE" of a veth's other end.
void attach_to_peer(Loader& loader, const bpf_program* receive, const std::string& peer) {
  const auto colon = peer.rfind(':');
  if (colon == std::string::npos) {
    throw xdpcap::UsageError("--peer " + peer + ": not of the form NETNS:IFACE");
  }
  loader.attach_to(receive, peer.substr(colon + 1), Mode::Native, Netns(peer.substr(0, colon)));
}

void warn_about_forwarding(const Loader& loader, const std::string& interface) {
  std::ifstream file("/proc/sys/net/ipv4/conf/" + interface + "/forwarding");
  int forwarding = 1;
  if (file >> forwarding && forwarding == 0) {
    loader.warn("forwarding is off on " + interface + ": what arrives there is not redirected",
                "sysctl -w net.ipv4.ip_forward=1");
  }
}

void warn_about_receivers(const Loader& loader, const std::string& interface) {
  const auto ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (loader.options().mode == Mode::Generic) return;  // sends as any packet is sent
  if (xdpcap::loader::takes_redirected_frames(ifindex).value_or(true)) return;
  loader.warn(interface + " swallows what XDP sends to it",
              "the peer of a veth needs an XDP program, --peer NETNS:IFACE gives it one, or "
              "ethtool -K IFACE gro on");
}

}  // namespace

int main(int argc, char** argv) {
  Loader loader("redirect_map", "Routes ICMP between interfaces by the kernel's routes.");
  std::vector<std::string> peers;
  loader.app()
      .add_option("--peer", peers, "other end of a veth, to make ready to receive; may be repeated")
      ->type_name("NETNS:IFACE")
      ->allow_extra_args(false);

  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<redirect_map_bpf>();
    loader.netns().run([&] {
      add_devices(skeleton->maps.devices, loader.options().interfaces);
      add_own_addresses(skeleton->maps.own_addresses);
    });
    for (const std::string& peer : peers) {
      attach_to_peer(loader, skeleton->progs.receive, peer);
    }
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.redirect_map);
    loader.netns().run([&] {
      for (const std::string& interface : loader.options().interfaces) {
        warn_about_forwarding(loader, interface);
        warn_about_receivers(loader, interface);
      }
    });
    loader.run_until_stopped();
  });
}
