// SPDX-License-Identifier: BSD-3-Clause
#include "output/flight_trigger.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "filter/packet_filter.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

bool matches(const TriggerFilter& filter, std::span<const std::byte> blocks) {
  while (!blocks.empty()) {
    const auto& block = *reinterpret_cast<const xdpcap_block*>(blocks.data());
    const auto packet = blocks.subspan(sizeof(block), block.captured_length);
    if (filter_takes(filter.program, filter.offsets, packet)) return true;
    blocks = blocks.subspan(block.block_length);
  }
  return false;
}

}  // namespace

FlightTrigger::FlightTrigger(const FlightOptions& options,
                             const std::vector<CaptureInterface>& interfaces)
    : options_(options) {
  const auto& actions = options.actions;
  for (const auto& [source, action] : interfaces) {
    const bool is_trigger = std::find(actions.begin(), actions.end(), action) != actions.end();
    actions_.push_back(is_trigger ? action.name() : "");
  }
}

void FlightTrigger::request(const std::string& reason, std::uint64_t now) {
  if (requested_) return;
  requested_ = {reason, now};
  due_ = std::max(now + options_.after, last_file_ == 0 ? 0 : last_file_ + kLeastBetweenFiles);
}

void FlightTrigger::look_at(const Batch& batch,
                            std::span<const std::span<const std::byte>> blocks) {
  if (requested_) return;
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    if (batch.packets()[i] > 0 && !actions_[i].empty()) {
      return request("action " + actions_[i], monotonic_now());
    }
  }
  for (const TriggerFilter& filter : options_.filters) {
    for (const std::span<const std::byte> some : blocks) {
      if (matches(filter, some)) return request("filter " + filter.text, monotonic_now());
    }
  }
}

FlightTrigger::Event FlightTrigger::take(std::uint64_t now) {
  last_file_ = now;
  Event event = std::move(*requested_);
  requested_.reset();
  return event;
}

}  // namespace xdpcap
