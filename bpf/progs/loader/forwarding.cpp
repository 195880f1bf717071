// SPDX-License-Identifier: BSD-3-Clause
#include "loader/forwarding.hpp"

#include <net/if.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "base/error.hpp"
#include "loader/xdp_features.hpp"

namespace xdpcap::loader {

Forwarding::Forwarding(Loader& loader) : loader_(loader) {
  loader.app()
      .add_option("--peer", peers_,
                  "other end of a veth, to make ready to receive; may be repeated")
      ->type_name("NETNS:IFACE")
      ->allow_extra_args(false);
}

void Forwarding::prepare_peers(const bpf_program* receive) {
  for (const std::string& peer : peers_) {
    const auto colon = peer.rfind(':');
    if (colon == std::string::npos) {
      throw UsageError("--peer " + peer + ": not of the form NETNS:IFACE");
    }
    loader_.attach_to(receive, peer.substr(colon + 1), Mode::Native, Netns(peer.substr(0, colon)));
  }
}

void Forwarding::warn(const std::string& family) const {
  loader_.netns().run([&] {
    for (const std::string& interface : loader_.options().interfaces) {
      warn_about(family, interface);
    }
  });
}

void Forwarding::warn_about(const std::string& family, const std::string& interface) const {
  std::ifstream file("/proc/sys/net/" + family + "/conf/" + interface + "/forwarding");
  int forwarding = 1;
  if (file >> forwarding && forwarding == 0) {
    loader_.warn("forwarding is off on " + interface + ": the kernel has no route for what arrives",
                 "sysctl -w net." + family + ".conf.all.forwarding=1");
  }
  if (loader_.options().mode == Mode::Generic) return;  // transmits like any other packet
  const auto ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (takes_redirected_frames(ifindex).value_or(true)) return;
  loader_.warn("frames that XDP sends to " + interface + " are lost",
               "the peer of a veth needs an XDP program; --peer NETNS:IFACE gives it one");
}

}  // namespace xdpcap::loader
