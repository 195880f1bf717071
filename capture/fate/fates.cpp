// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fates.hpp"

#include <linux/bpf.h>

namespace xdpcap {

void Fates::set_flavour(const Flavour& flavour) {
  comments_.set_can_transmit(flavour.attach_type != BPF_XDP_DEVMAP &&
                             flavour.attach_type != BPF_XDP_CPUMAP);
}

std::string Fates::table(const std::vector<std::string>& sources) const {
  return pair_table(tracer_.pairs(), tracer_.uncounted(), names_, sources);
}

std::string Fates::table(const CaptureInterface& interface) const {
  std::vector<PairCount> pairs = tracer_.pairs();
  std::erase_if(pairs, [&](const PairCount& one) {
    return action_of(one.pair) != interface.action.value() || one.pair.source != interface.source;
  });
  return pair_table(pairs, tracer_.uncounted(), names_);
}

std::string Fates::as_json(std::size_t source) const {
  std::vector<PairCount> pairs = tracer_.pairs();
  std::erase_if(pairs, [&](const PairCount& one) { return one.pair.source != source; });
  return pairs_as_json(pairs, names_);
}

std::vector<std::string> Fates::without_privileges() const {
  if (tracer_.can_be_read()) return {};
  return {
      "fates with numbers instead of names, and without a table: before Linux 5.19 "
      "kernel.unprivileged_bpf_disabled denies them to a capture that gave up root"};
}

}  // namespace xdpcap
