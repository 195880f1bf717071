// SPDX-License-Identifier: BSD-3-Clause
#include "ring/wakeup.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "bpf/program_loader.hpp"

namespace xdpcap {
namespace {

std::uint32_t page_size() {
  return static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
}

// The positions are at the start of the two pages that are mapped before a ring buffer's data
// (kernel/bpf/ringbuf.c); only the consumer's page is writable.
std::atomic_ref<unsigned long> position(const Mapping& page) {
  return std::atomic_ref(*reinterpret_cast<unsigned long*>(page.at(0)));
}

}  // namespace

Wakeup::Wakeup()
    : map_(create_map(BPF_MAP_TYPE_RINGBUF, "xdpcap_wakeup", 0, 0, page_size())),
      consumer_page_(map_.get(), page_size(), PROT_READ | PROT_WRITE, 0,
                     "mapping the wakeup ring buffer"),
      producer_page_(map_.get(), page_size(), PROT_READ, page_size(),
                     "mapping the wakeup ring buffer") {}

void Wakeup::consume() {
  position(consumer_page_)
      .store(position(producer_page_).load(std::memory_order_acquire), std::memory_order_release);
}

}  // namespace xdpcap
