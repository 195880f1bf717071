// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fates.hpp"

#include <linux/bpf.h>

namespace xdpcap {

void Fates::set_flavour(const Flavour& flavour) {
  comments_.set_can_transmit(flavour.attach_type != BPF_XDP_DEVMAP &&
                             flavour.attach_type != BPF_XDP_CPUMAP);
}

std::vector<int> Fates::descriptors() const {
  std::vector<int> all = tracer_.descriptors();
  if (!stack_) return all;
  const std::vector<int> more = stack_->descriptors();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string Fates::late_reports() const {
  const std::uint64_t late = stack_ ? stack_->late() : 0;
  if (late == 0) return {};
  return std::to_string(late) + (late == 1 ? " report" : " reports") +
         " of the network stack came too late: the file does not have what became of these "
         "packets\n";
}

std::string Fates::table(const std::vector<std::string>& sources,
                         const Interfaces& interfaces) const {
  StackCounts::SourceName name;
  if (!sources.empty()) {
    name = [&](std::uint32_t id) { return sources.at(interfaces.at(id).source); };
  }
  return pair_table(tracer_.pairs(), tracer_.uncounted(), names_, sources) +
         stack_counts_.table(
             names_, [](std::uint32_t) { return true; }, name) +
         late_reports();
}

std::string Fates::table(std::uint32_t interface_id, const Interfaces& interfaces) const {
  const CaptureInterface& interface = interfaces.at(interface_id);
  std::vector<PairCount> pairs = tracer_.pairs();
  std::erase_if(pairs, [&](const PairCount& one) {
    return action_of(one.pair) != interface.action.value() || one.pair.source != interface.source;
  });
  return pair_table(pairs, tracer_.uncounted(), names_) +
         stack_counts_.table(names_, [&](std::uint32_t id) { return id == interface_id; });
}

std::string Fates::as_json(std::size_t source, const Interfaces& interfaces) const {
  std::vector<PairCount> pairs = tracer_.pairs();
  std::erase_if(pairs, [&](const PairCount& one) { return one.pair.source != source; });
  std::string array = pairs_as_json(pairs, names_);
  const std::string stack = stack_counts_.as_json(
      names_, [&](std::uint32_t id) { return interfaces.at(id).source == source; });
  if (stack.empty()) return array;
  array.back() = array == "[]" ? ' ' : ',';
  return array + stack + "]";
}

std::vector<FateCount> Fates::counts(const Interfaces& interfaces) const {
  FateSums sums;
  sums.add(tracer_.pairs());
  stack_counts_.add_to(sums, interfaces);
  return sums.all();
}

std::vector<std::string> Fates::without_privileges() const {
  if (tracer_.can_be_read()) return {};
  return {
      "fates with numbers instead of names, and without a table: before Linux 5.19 "
      "kernel.unprivileged_bpf_disabled denies them to a capture that gave up root"};
}

}  // namespace xdpcap
