// SPDX-License-Identifier: BSD-3-Clause
// The control plane of chain: the loader, with a hook for each program.
#include "chain.skel.h"
#include "loader/loader.hpp"

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("chain", "Two hooked programs, joined by a tail call.");
  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<chain_bpf>();
    loader.pin_hook(skeleton->maps.first_hook, "_first");
    loader.pin_hook(skeleton->maps.second_hook, "_second");
    loader.attach(skeleton->progs.first);
    loader.run_until_stopped();
  });
}
