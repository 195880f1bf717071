// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/rings.hpp"

#include <bpf/bpf.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "kernel/program_loader.hpp"

namespace xdpcap {
namespace {

std::size_t page_size() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t ring_size(std::uint64_t wanted) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31U;  // max_entries is a u32
  if (wanted > kMost) {
    throw Error(
        "creating the rings: " + std::to_string(wanted) + " bytes for each CPU are too many",
        "give at most " + std::to_string(kMost) + " with -buffer");
  }
  return std::bit_ceil(std::max<std::size_t>(wanted, page_size()));
}

UniqueFd create_ring(std::size_t size) {
  return create_map(BPF_MAP_TYPE_RINGBUF, "xdpcap_ring", 0, 0, static_cast<std::uint32_t>(size));
}

// Records begin on 8 bytes, each behind a header of its own.
constexpr unsigned long occupied(std::uint32_t length) {
  return (length + BPF_RINGBUF_HDR_SZ + 7UL) & ~7UL;
}

}  // namespace

std::uint64_t monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

RingCursor::RingCursor(int map_fd, std::size_t size)
    : consumer_page_(map_fd, page_size(), PROT_READ | PROT_WRITE, 0, "mapping a ring"),
      producer_page_(map_fd, page_size() + 2 * size, PROT_READ, page_size(), "mapping a ring"),
      data_(producer_page_.at(page_size())),
      mask_(size - 1) {}

void RingCursor::read_header() {
  if (ended()) {
    header_ = kNone;
    return;
  }
  auto& length = *reinterpret_cast<std::uint32_t*>(address(position_));
  header_ = std::atomic_ref(length).load(std::memory_order_acquire);
}

void RingCursor::advance() {
  position_ += occupied(header_ & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT));
}

void RingCursor::skip_discarded() {
  for (read_header();
       (header_ & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)) == BPF_RINGBUF_DISCARD_BIT;
       read_header()) {
    advance();
  }
}

Rings::Rings(const std::vector<std::uint32_t>& online, std::uint32_t possible,
             std::uint64_t bytes_per_cpu)
    : size_(ring_size(bytes_per_cpu)) {
  for (const std::uint32_t cpu : online) {
    const UniqueFd& ring = maps_.emplace_back(create_ring(size_));
    cursors_.push_back(RingCursor(ring.get(), size_));
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

void Rings::watch(int epoll_fd) const {
  for (const UniqueFd& ring : maps_) {
    epoll_event event{};
    event.events = EPOLLIN | static_cast<std::uint32_t>(EPOLLET);
    event.data.fd = ring.get();
    if (::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, ring.get(), &event) != 0) {
      throw system_error("watching a ring", errno);
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
