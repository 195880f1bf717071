// SPDX-License-Identifier: BSD-3-Clause
#include "fate/outcome.hpp"

#include <linux/bpf.h>

#include <cstring>

#include "fate/drop_reasons.hpp"

namespace xdpcap {
namespace {

Outcome of_exception(std::uint32_t action) {
  return action == XDP_ABORTED ? Outcome::aborted : Outcome::dropped;
}

}  // namespace

Outcome outcome_of(const xdpcap_fate& fate, bool can_transmit) {
  switch (fate.state) {
    case XDPCAP_FATE_NONE:
      return Outcome::none;
    case XDPCAP_FATE_REDIRECT:
      return fate.error == 0 ? Outcome::redirected : Outcome::dropped;
    case XDPCAP_FATE_EXCEPTION:
      return of_exception(fate.action);
    case XDPCAP_FATE_PASSED:
      return Outcome::passed;
    case XDPCAP_FATE_STACK_DELIVERED:
      return Outcome::delivered;
    case XDPCAP_FATE_STACK_CONSUMED:
      return Outcome::consumed;
    case XDPCAP_FATE_STACK_FORWARDED:
      return Outcome::forwarded;
    case XDPCAP_FATE_STACK_DROPPED:
      return Outcome::dropped;
    default:
      // The kernel reports every redirect, but only failures of XDP_TX.
      return fate.action == XDP_TX && can_transmit ? Outcome::queued : Outcome::unknown;
  }
}

std::string name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::redirected:
      return "redirected";
    case Outcome::queued:
      return "queued";
    case Outcome::dropped:
      return "dropped";
    case Outcome::aborted:
      return "aborted";
    case Outcome::unknown:
      return "unknown";
    case Outcome::passed:
      return "passed";
    case Outcome::delivered:
      return "delivered";
    case Outcome::consumed:
      return "consumed";
    case Outcome::forwarded:
      return "forwarded";
    default:
      return {};
  }
}

std::string reason_of(const xdpcap_fate& fate, Outcome outcome) {
  if (outcome != Outcome::dropped) return {};
  if (is_dropped_by_stack(fate)) return drop_reason(static_cast<std::uint32_t>(fate.error));
  // The number may be any: nothing guarantees that it is an errno.
  if (fate.state == XDPCAP_FATE_REDIRECT) {
    return errno_name(static_cast<int>(0U - static_cast<std::uint32_t>(fate.error)));
  }
  if (fate.action == XDP_TX) return "tx-failed";
  return fate.action == XDP_REDIRECT ? "redirect-failed" : "invalid-action";
}

std::string errno_name(int error_number) {
  const char* name = ::strerrorname_np(error_number);
  return name != nullptr ? name : "errno-" + std::to_string(error_number);
}

std::string map_kind(std::uint32_t map_type) {
  switch (map_type) {
    case BPF_MAP_TYPE_DEVMAP:
      return "devmap";
    case BPF_MAP_TYPE_DEVMAP_HASH:
      return "devmap_hash";
    case BPF_MAP_TYPE_CPUMAP:
      return "cpumap";
    case BPF_MAP_TYPE_XSKMAP:
      return "xskmap";
    default:
      return "map";
  }
}

}  // namespace xdpcap
