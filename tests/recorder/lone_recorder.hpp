// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>
#include <random>

#include "base/error.hpp"
#include "bpf/features.hpp"
#include "bpf/program_loader.hpp"
#include "filter/expression.hpp"
#include "process/cpus.hpp"
#include "recorder/recorder.hpp"
#include "ring/control.hpp"
#include "ring/rings.hpp"
#include "ring/wakeup.hpp"
#include "support/hooked_program.hpp"

namespace xdpcap::test {

// LoneRecorder is a program that drops every packet through its hook, and a recorder there.
struct LoneRecorder {
  explicit LoneRecorder(const char* filter, const Conditions& conditions = {},
                        const Budget& budget = {}, bool ordered_stores = kOrderedStores,
                        bool only_counts = false)
      : rings(cpus.online, cpus.possible, std::uint64_t{1} << 20U) {
    const ebpf::Program program =
        make_recorder({.action = XdpAction(XDP_DROP),
                       .interface_id = 0,
                       .snaplen = kMaxSnaplen,
                       .cpus = cpus.possible,
                       .counters_row = 0,
                       .control_fd = control.fd(),
                       .rings_fd = rings.array_fd(),
                       .ring_bytes = static_cast<std::uint32_t>(rings.bytes_per_cpu()),
                       .wakeup_fd = wakeup.fd(),
                       .frags = kFlavour.frags,
                       .has_xdp_load_bytes = has_xdp_load_bytes(),
                       .conditions = conditions,
                       .only_counts = only_counts,
                       .budget = budget,
                       .seed = std::random_device()(),
                       .buckets_fd = buckets.get(),
                       .ordered_stores = ordered_stores},
                      compile_filter(filter, LinkType{}));
    recorder = load_xdp_program("recorder", program, kFlavour);
    const std::uint32_t slot = XDP_DROP;
    const int fd = recorder.get();
    if (bpf_map_update_elem(hook.get(), &slot, &fd, BPF_ANY) != 0) {
      throw system_error("putting a recorder into a hook", errno);
    }
  }

  static constexpr Flavour kFlavour = {BPF_XDP, false};
  UniqueFd hook = create_hook();
  HookedProgram hooked{hook.get(), kFlavour, XdpAction(XDP_DROP)};
  Cpus cpus = read_cpus();
  Control control{1, cpus.possible};
  UniqueFd buckets =
      create_map(BPF_MAP_TYPE_ARRAY, "buckets", sizeof(std::uint32_t), sizeof(xdpcap_bucket), 1);
  Wakeup wakeup;
  Rings rings;
  UniqueFd recorder;
};

}  // namespace xdpcap::test
