// SPDX-License-Identifier: BSD-3-Clause
#include "compilers/try/tracing.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "fate/tracing.h"
#include "fate/tracing_events.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

constexpr xdpcap_limits kLimits = {
    .cpus = 2, .ring_memory = sizeof(xdpcap_ring) + 65536 + XDPCAP_RING_OVERHANG};

void set_limits(const bpf_object& object) {
  bpf_map* map = bpf_object__find_map_by_name(&object, ".rodata");
  if (map == nullptr || bpf_map__set_initial_value(map, &kLimits, sizeof kLimits) != 0) {
    throw Error("setting the limits of the tracing programs: they have changed");
  }
  bpf_map__set_value_size(bpf_object__find_map_by_name(&object, "last_packets"),
                          kLimits.cpus * sizeof(xdpcap_last));
}

// A map of maps is created by the example of an inner map, which the object does not have.
void give_ring(bpf_map* rings) {
  const UniqueFd ring(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "ring", 4, kLimits.ring_memory, 1, nullptr));
  LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = static_cast<std::uint32_t>(ring.get()));
  const UniqueFd outer(
      bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "rings", 4, 4, kLimits.cpus, &options));
  if (!outer.valid() || bpf_map__reuse_fd(rings, outer.get()) != 0) {
    throw system_error("making a ring for the tracing programs", errno);
  }
}

}  // namespace

void prepare_tracing(bpf_object& object) {
  bpf_map* rings = bpf_object__find_map_by_name(&object, "rings");
  if (rings == nullptr) return;
  const bpf_program* first = bpf_object__next_program(&object, nullptr);
  if (std::string_view(bpf_program__section_name(first)).starts_with("tp_btf/")) {
    choose_programs_with_btf(object);
  } else {
    choose_plain_programs(object);
  }
  set_limits(object);
  give_ring(rings);
}

}  // namespace xdpcap
