// SPDX-License-Identifier: BSD-3-Clause
#include "fate/comments.hpp"

#include <linux/bpf.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "output/pcapng.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kMost = 16384;

std::string map_text(const xdpcap_fate& fate) {
  return map_kind(fate.map_type) + "#" + std::to_string(fate.map_id) + "[" +
         std::to_string(fate.map_index) + "]";
}

// "veth2(7)", "cpu3", "all" (BPF_F_BROADCAST); empty if it is not known.
std::string target_text(const xdpcap_fate& fate, const Names& names) {
  if (fate.target != 0) return names.device({fate.target, fate.target_namespace});
  switch (fate.map_type) {
    case BPF_MAP_TYPE_CPUMAP:
      return "cpu" + std::to_string(fate.map_index);
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_DEVMAP_HASH:
      return "all";
    default:
      return {};
  }
}

}  // namespace

std::string describe(xdpcap_fate fate, Outcome outcome, const Names& names) {
  if (fate.map_id != 0 && fate.map_type == 0) fate.map_type = Names::map_type(fate.map_id);
  std::string text;
  const auto add = [&text](const char* key, const std::string& value) {
    if (value.empty()) return;
    if (!text.empty()) text += ' ';
    text += key + value;
  };
  add("fate=", name_of(outcome));
  add("reason=", reason_of(fate, outcome));
  if (is_dropped_by_stack(fate)) add("by=", "stack");
  if (outcome == Outcome::forwarded && fate.target != 0) add("to=", target_text(fate, names));
  if (fate.state == XDPCAP_FATE_REDIRECT) {
    add("to=", target_text(fate, names));
    if (fate.map_id != 0) add("via=", map_text(fate));
  }
  // The index as --ingress notes it, in the kernel, where no names are known.
  const std::string device = names.device({fate.ingress, fate.ingress_namespace});
  add("ingress=", std::to_string(fate.ingress));
  if (const std::size_t index = device.rfind('('); index != std::string::npos) {
    add("ifname=", device.substr(0, index));
  }
  add("rxq=", std::to_string(fate.queue));
  if (fate.program != 0) add("prog=", names.program(fate.program));
  return text;
}

bool FateComments::same(const xdpcap_fate& a, const xdpcap_fate& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

std::size_t FateComments::Hash::operator()(const xdpcap_fate& fate) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(&fate), sizeof(fate)});
}

const FateComments::Comment& FateComments::look_up(const xdpcap_fate& fate) {
  auto place = known_.find(fate);
  if (place == known_.end()) {
    const Outcome outcome = outcome_of(fate, can_transmit_);
    place = known_
                .emplace(fate,
                         Comment{.selected = selection_.takes(fate, outcome),
                                 .is_trigger = triggers_ && triggers_->takes(fate, outcome),
                                 .option = pcapng::comment_option(describe(fate, outcome, names_))})
                .first;
  }
  recent_ = &*place;
  return place->second;
}

void FateComments::clear_if_large() {
  if (known_.size() < kMost) return;
  known_.clear();
  recent_ = nullptr;
}

}  // namespace xdpcap
