// SPDX-License-Identifier: BSD-3-Clause
// The control plane of redirect_map: fills in interfaces and addresses, prepares veth peers, and
// warns of settings that would lose packets.
#include <bpf/bpf.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "loader/forwarding.hpp"
#include "loader/loader.hpp"
#include "redirect_map.skel.h"

namespace {

using xdpcap::loader::Loader;

// Runs in the namespace of the interfaces: the kernel looks up a DEVMAP's devices in the caller's.
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

}  // namespace

int main(int argc, char** argv) {
  Loader loader("redirect_map", "Routes ICMP between interfaces by the kernel's routes.");
  xdpcap::loader::Forwarding forwarding(loader);

  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<redirect_map_bpf>();
    loader.netns().run([&] {
      add_devices(skeleton->maps.devices, loader.options().interfaces);
      add_own_addresses(skeleton->maps.own_addresses);
    });
    forwarding.prepare_peers(skeleton->progs.receive);
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.redirect_map);
    forwarding.warn("ipv4");
    loader.run_until_stopped();
  });
}
