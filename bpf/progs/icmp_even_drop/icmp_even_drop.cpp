// SPDX-License-Identifier: BSD-3-Clause
// The control plane of icmp_even_drop: nothing but the loader.
#include "icmp_even_drop.skel.h"
#include "loader/loader.hpp"

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("icmp_even_drop",
                                "Drops ICMP echo requests with an even sequence number.");
  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<icmp_even_drop_bpf>();
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.icmp_even_drop);
    loader.run_until_stopped();
  });
}
