// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fates.hpp"

#include <linux/bpf.h>

namespace xdpcap {

void Fates::set_flavour(const Flavour& flavour) {
  comments_.set_can_transmit(flavour.attach_type != BPF_XDP_DEVMAP &&
                             flavour.attach_type != BPF_XDP_CPUMAP);
}

std::string Fates::table(std::optional<XdpAction> action) const {
  std::vector<PairCount> pairs = tracer_.pairs();
  if (action) {
    std::erase_if(pairs,
                  [&](const PairCount& one) { return action_of(one.pair) != action->value(); });
  }
  return pair_table(pairs, tracer_.uncounted(), names_);
}

std::vector<std::string> Fates::without_privileges() const {
  if (tracer_.can_be_read()) return {};
  return {
      "fates with numbers instead of names, and without a table: before Linux 5.19 "
      "kernel.unprivileged_bpf_disabled denies them to a capture that gave up root"};
}

}  // namespace xdpcap
