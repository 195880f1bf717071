// SPDX-License-Identifier: BSD-3-Clause
// A control plane whose program the verifier refuses.
#include "broken.skel.h"
#include "loader/loader.hpp"

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("broken", "Does not load.");
  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<broken_bpf>();
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.broken);
    loader.run_until_stopped();
  });
}
