// SPDX-License-Identifier: BSD-3-Clause
// The control plane of xdp_pass: nothing but the loader.
#include "loader/loader.hpp"
#include "xdp_pass.skel.h"

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("xdp_pass", "Passes every packet, through an xdpcap hook.");
  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<xdp_pass_bpf>();
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.xdp_pass);
    loader.run_until_stopped();
  });
}
