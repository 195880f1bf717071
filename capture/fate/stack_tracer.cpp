// SPDX-License-Identifier: BSD-3-Clause
#include "fate/stack_tracer.hpp"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "fate/libbpf_log.hpp"
#include "fate/tracing_events.hpp"
#include "process/capabilities.hpp"
#include "stack.skel.h"

namespace xdpcap {
namespace {

// The smallest block of a ring has a fate, a tail and a byte.
static_assert(sizeof(xdpcap_block) + 4 + sizeof(xdpcap_fate) + sizeof(xdpcap_block_tail) >=
              XDPCAP_STACK_GRANULE);

bpf_object* open_object() {
  std::size_t size = 0;
  const void* bytes = stack_bpf::elf_bytes(&size);
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.object_name = "xdpcap_stack";
  return bpf_object__open_mem(bytes, size, &options);
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
  load(cpus, last_fd);
  attach();
  memory_ = Mapping(bpf_map__fd(map("slots")),
                    whole_pages(std::size_t{cpus} * slots_per_cpu_ * sizeof(std::uint64_t)),
                    PROT_READ | PROT_WRITE, 0, "mapping the slots of the stack");
}

void StackTracer::load(std::uint32_t cpus, int last_fd) {
  if (std::getenv("XDPCAP_WITHOUT_BTF") != nullptr) throw Error("XDPCAP_WITHOUT_BTF is set");
  object_.reset(open_object());
  if (!object_) throw system_error("opening the programs that follow the stack", errno);
  choose_programs_for_stack(*object_);
  std::size_t size = 0;
  // libbpf returns the map's initial value as const, but it may be changed before loading.
  auto* limits = static_cast<xdpcap_stack_limits*>(
      const_cast<void*>(bpf_map__initial_value(map(".rodata"), &size)));
  if (limits == nullptr || size < sizeof(*limits)) {
    throw Error("the programs that follow the stack have no limits");
  }
  *limits = {.cpus = cpus, .slots_per_cpu = slots_per_cpu_};
  bpf_map__set_max_entries(map("slots"), cpus * slots_per_cpu_);
  bpf_map__set_value_size(map("last_packets"), cpus * sizeof(xdpcap_last));
  int result = bpf_map__reuse_fd(map("last_packets"), last_fd);
  if (result != 0) throw system_error("sharing the last packets", -result);
  const LibbpfLog words;
  result = bpf_object__load(object_.get());
  if (result != 0) {
    throw system_error("loading the programs that follow the stack (" + LibbpfLog::error() + ")",
                       -result, permission_hint());
  }
}

void StackTracer::attach() {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    if (!bpf_program__autoload(program)) continue;
    links_.emplace_back(bpf_program__attach(program));
    if (!links_.back()) {
      throw system_error("attaching to " + std::string(bpf_program__section_name(program)), errno);
    }
  }
}

bpf_map* StackTracer::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(object_.get(), name);
  if (found == nullptr) {
    throw Error(std::string("the programs that follow the stack have no map ") + name);
  }
  return found;
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
  bpf_map_lookup_elem(bpf_map__fd(map("networks")), &ingress, &network);
  networks_.emplace(ingress, network);
  return network;
}

std::uint64_t StackTracer::late() const {
  const std::uint32_t zero = 0;
  std::uint64_t count = 0;
  bpf_map_lookup_elem(bpf_map__fd(map(".bss")), &zero, &count);
  return count;
}

std::vector<int> StackTracer::descriptors() const {
  return {bpf_map__fd(map("slots")), bpf_map__fd(map(".bss")), bpf_map__fd(map("networks"))};
}

}  // namespace xdpcap
