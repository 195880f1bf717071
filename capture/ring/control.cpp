// SPDX-License-Identifier: BSD-3-Clause
#include "ring/control.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "bpf/program_loader.hpp"

namespace xdpcap {
namespace {

std::size_t value_size(std::uint32_t rows, std::uint32_t cpus) {
  return sizeof(xdpcap_control) + sizeof(xdpcap_counters) * rows * cpus;
}

std::size_t whole_pages(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

std::uint64_t load(__u64& counter) {
  return std::atomic_ref(counter).load(std::memory_order_acquire);
}

}  // namespace

Control::Control(std::uint32_t rows, std::uint32_t cpus)
    : cpus_(cpus),
      map_(create_map(BPF_MAP_TYPE_ARRAY, kControlName, sizeof(std::uint32_t),
                      static_cast<std::uint32_t>(value_size(rows, cpus)), 1, BPF_F_MMAPABLE)),
      memory_(map_.get(), whole_pages(value_size(rows, cpus)), PROT_READ | PROT_WRITE, 0,
              "mapping the counters") {
  stay_awake();
}

Counts Control::read(std::uint32_t row) const {
  Counts sum;
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    auto* counters = reinterpret_cast<xdpcap_counters*>(
        memory_.at(value_size(row, cpus_) + sizeof(xdpcap_counters) * cpu));
    // A recorder increments them in the opposite order, so that
    // lost + left_out <= matched <= received.
    const std::uint64_t lost = load(counters->lost);
    const std::uint64_t left_out = load(counters->left_out);
    const std::uint64_t matched = std::max(load(counters->matched), lost) + left_out;
    sum.lost += lost;
    sum.left_out += left_out;
    sum.matched += matched;
    sum.received += std::max(load(counters->received), matched);
  }
  return sum;
}

std::atomic_ref<__u64> Control::wake_at_ref() const {
  return std::atomic_ref(*reinterpret_cast<__u64*>(memory_.at(0)));
}

}  // namespace xdpcap
