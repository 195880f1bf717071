// SPDX-License-Identifier: BSD-3-Clause
#include "fate/stack_tracer.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "base/error.hpp"
#include "fate/tracing_events.hpp"
#include "stack.skel.h"

namespace xdpcap {
namespace {

// The smallest block of a ring has a fate, a tail and a byte.
static_assert(sizeof(xdpcap_block) + 4 + sizeof(xdpcap_fate) + sizeof(xdpcap_block_tail) >=
              XDPCAP_STACK_GRANULE);

TracingObject open_object() {
  std::size_t size = 0;
  const auto* bytes = static_cast<const std::byte*>(stack_bpf::elf_bytes(&size));
  return {{bytes, size}, "xdpcap_stack", "the programs that follow the stack"};
}

std::size_t whole_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

std::uint32_t state_of(std::uint64_t outcome) {
  switch (outcome) {
    case XDPCAP_STACK_DELIVERED:
      return XDPCAP_FATE_STACK_DELIVERED;
    case XDPCAP_STACK_CONSUMED:
      return XDPCAP_FATE_STACK_CONSUMED;
    case XDPCAP_STACK_FORWARDED:
      return XDPCAP_FATE_STACK_FORWARDED;
    case XDPCAP_STACK_DROPPED:
      return XDPCAP_FATE_STACK_DROPPED;
    default:
      return XDPCAP_FATE_PASSED;
  }
}

}  // namespace

StackTracer::StackTracer(const Rings& rings, std::uint32_t cpus, int last_fd)
    : slots_per_cpu_(
          static_cast<std::uint32_t>(rings.bytes_per_cpu() >> XDPCAP_STACK_GRANULE_BITS)) {
  if (std::getenv("XDPCAP_WITHOUT_BTF") != nullptr) throw Error("XDPCAP_WITHOUT_BTF is set");
  object_ = open_object();
  choose_programs_for_stack(object_.programs());
  object_.set_limits(xdpcap_stack_limits{.cpus = cpus, .slots_per_cpu = slots_per_cpu_});
  bpf_map__set_max_entries(object_.map("slots"), cpus * slots_per_cpu_);
  bpf_map__set_value_size(object_.map("last_packets"), cpus * sizeof(xdpcap_last));
  object_.share("last_packets", last_fd);
  object_.load();
  object_.attach();
  memory_ = Mapping(object_.fd("slots"),
                    whole_pages(std::size_t{cpus} * slots_per_cpu_ * sizeof(std::uint64_t)),
                    PROT_READ | PROT_WRITE, 0, "mapping the slots of the stack");
}

void StackTracer::complete(xdpcap_fate& fate, std::uint64_t word) {
  const auto value = static_cast<std::uint32_t>(word & XDPCAP_STACK_VALUE_MASK);
  fate.state = state_of(word >> XDPCAP_STACK_OUTCOME_BITS & XDPCAP_STACK_OUTCOME_MASK);
  fate.ingress_namespace = network_of(fate.ingress);
  if (fate.state == XDPCAP_FATE_STACK_DROPPED) fate.error = static_cast<std::int32_t>(value);
  if (fate.state != XDPCAP_FATE_STACK_FORWARDED) return;
  fate.target = value;
  fate.target_namespace = fate.ingress_namespace;
}

// The programs have stored it before they followed the first packet of the interface.
std::uint32_t StackTracer::network_of(std::uint32_t ingress) {
  const auto known = networks_.find(ingress);
  if (known != networks_.end()) return known->second;
  std::uint32_t network = 0;
  bpf_map_lookup_elem(object_.fd("networks"), &ingress, &network);
  networks_.emplace(ingress, network);
  return network;
}

std::vector<int> StackTracer::descriptors() const {
  return {object_.fd("slots"), object_.fd(".bss"), object_.fd("networks")};
}

}  // namespace xdpcap
