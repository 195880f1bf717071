// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/error.hpp"

namespace xdpcap::loader {

// The sum over all CPUs of one 64-bit counter in a BPF_MAP_TYPE_PERCPU_ARRAY. Throws Error.
inline std::uint64_t sum_over_cpus(const bpf_map* counters, std::uint32_t index) {
  // The kernel returns a value for each possible CPU, online or not.
  static const int kCpus = libbpf_num_possible_cpus();
  if (kCpus < 1) throw system_error("counting the CPUs", -kCpus);
  std::vector<std::uint64_t> values(static_cast<std::size_t>(kCpus));
  if (bpf_map_lookup_elem(bpf_map__fd(counters), &index, values.data()) != 0) {
    throw system_error("reading a counter", errno);
  }
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

}  // namespace xdpcap::loader
