// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/rings.hpp"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <string>

#include "base/error.hpp"
#include "kernel/program_loader.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {
namespace {

std::size_t page_size() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t ring_size(std::uint64_t wanted) {
  if (wanted > kMaxRingBytes) {
    throw Error(
        "creating the rings: " + std::to_string(wanted) + " bytes for each CPU are too many",
        "give at most " + std::to_string(kMaxRingBytes) + " with -buffer");
  }
  return std::bit_ceil(std::max<std::size_t>(wanted, page_size()));
}

std::size_t memory_size(std::size_t ring_size) {
  const std::size_t size = sizeof(xdpcap_ring) + ring_size + XDPCAP_RING_OVERHANG;
  return (size + page_size() - 1) / page_size() * page_size();
}

UniqueFd create_ring(std::size_t size) {
  return create_map(BPF_MAP_TYPE_ARRAY, "xdpcap_ring", sizeof(std::uint32_t),
                    static_cast<std::uint32_t>(memory_size(size)), 1, BPF_F_MMAPABLE);
}

// Older kernels take map values only as large as kmalloc() would give (KMALLOC_MAX_SIZE).
std::size_t size_the_kernel_takes(std::size_t wanted) {
  constexpr std::size_t kEveryKernelTakes = std::size_t{1} << 21U;
  if (wanted <= kEveryKernelTakes) return wanted;
  LIBBPF_OPTS(bpf_map_create_opts, options);
  options.map_flags = BPF_F_MMAPABLE;
  const auto value_size = static_cast<std::uint32_t>(memory_size(wanted));
  const UniqueFd probe(bpf_map_create(BPF_MAP_TYPE_ARRAY, "xdpcap_probe", sizeof(std::uint32_t),
                                      value_size, 1, &options));
  return !probe.valid() && errno == E2BIG ? kEveryKernelTakes : wanted;
}

}  // namespace

std::uint64_t monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

Rings::Rings(const std::vector<std::uint32_t>& online, std::uint32_t possible,
             std::uint64_t bytes_per_cpu)
    : size_(size_the_kernel_takes(ring_size(bytes_per_cpu))) {
  for (const std::uint32_t cpu : online) {
    const UniqueFd ring = create_ring(size_);
    memory_.emplace_back(ring.get(), memory_size(size_), PROT_READ | PROT_WRITE, 0,
                         "mapping a ring");
    cursors_.emplace_back(memory_.back().at(0), size_);
    // The first ring serves as the template that a map of maps is created by.
    if (!array_.valid()) {
      array_ = create_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, "xdpcap_rings", sizeof(std::uint32_t),
                          sizeof(std::uint32_t), possible, 0, ring.get());
    }
    const int ring_fd = ring.get();
    if (bpf_map_update_elem(array_.get(), &cpu, &ring_fd, BPF_ANY) != 0) {
      throw system_error("giving CPU " + std::to_string(cpu) + " its ring", errno);
    }
  }
}

std::uint64_t Rings::most_waiting() const {
  std::uint64_t most = 0;
  for (const RingCursor& cursor : cursors_) most = std::max(most, cursor.waiting());
  return most;
}

std::uint64_t default_ring_bytes(std::uint64_t memory_bytes, std::size_t cpus) {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
  constexpr std::uint64_t kAllTogether = 512 * kMiB;
  constexpr std::uint64_t kLeast = kMiB / 4;
  constexpr std::uint64_t kMost = 8 * kMiB;
  const std::uint64_t share =
      std::min(memory_bytes / 64, kAllTogether) / std::max<std::size_t>(cpus, 1);
  return std::bit_floor(std::clamp(share, kLeast, kMost));
}

}  // namespace xdpcap
