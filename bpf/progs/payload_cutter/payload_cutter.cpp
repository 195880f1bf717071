// SPDX-License-Identifier: BSD-3-Clause
// The control plane of payload_cutter: how many bytes to keep.
#include "payload_cutter/payload_cutter.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "loader/loader.hpp"
#include "payload_cutter.skel.h"

int main(int argc, char** argv) {
  xdpcap::loader::Loader loader("payload_cutter", "Trims the payload of UDP datagrams.");
  std::uint32_t keep = 64;
  loader.app()
      .add_option("-k,--keep", keep, "bytes of payload to keep")
      ->check(CLI::Range(0, KEEP_MAX))
      ->type_name("BYTES")
      ->capture_default_str();

  return loader.run(argc, argv, [&] {
    const auto skeleton = loader.load<payload_cutter_bpf>(
        [&](payload_cutter_bpf& program) { program.rodata->keep_bytes = keep; });
    loader.pin_hook(skeleton->maps.xdpcap_hook);
    loader.attach(skeleton->progs.payload_cutter);
    loader.run_until_stopped();
  });
}
