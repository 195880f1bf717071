// SPDX-License-Identifier: BSD-3-Clause
#include "ring/rings.hpp"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/pcapng_format.hpp"
#include "bpf/program_loader.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {
namespace {

// The longest option that a recorder writes: the comment with the ingress interface.
constexpr std::size_t kMostOption = sizeof(xdpcap_ingress) - offsetof(xdpcap_ingress, text);

std::size_t page_size() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t ring_size(std::uint64_t wanted) {
  return std::bit_ceil(std::clamp<std::size_t>(wanted, page_size(), kMaxRingBytes));
}

std::size_t memory_size(std::size_t ring_size) {
  const std::size_t size =
      sizeof(xdpcap_ring) + ring_size + XDPCAP_RING_OVERHANG + XDPCAP_RING_MARGIN;
  return (size + page_size() - 1) / page_size() * page_size();
}

// Older kernels limit map values to what kmalloc() can allocate (KMALLOC_MAX_SIZE). On these `size`
// is reduced to what every kernel accepts. Throws Error.
UniqueFd create_ring(std::size_t& size) {
  constexpr const char* kName = "xdpcap_ring";
  constexpr std::size_t kEveryKernelTakes = std::size_t{1} << 21U;
  if (size > kEveryKernelTakes) {
    LIBBPF_OPTS(bpf_map_create_opts, options);
    options.map_flags = BPF_F_MMAPABLE;
    UniqueFd ring(bpf_map_create(BPF_MAP_TYPE_ARRAY, kName, sizeof(std::uint32_t),
                                 static_cast<std::uint32_t>(memory_size(size)), 1, &options));
    if (ring.valid()) return ring;
    if (errno == E2BIG) size = kEveryKernelTakes;
  }
  return create_map(BPF_MAP_TYPE_ARRAY, kName, sizeof(std::uint32_t),
                    static_cast<std::uint32_t>(memory_size(size)), 1, BPF_F_MMAPABLE);
}

// Sets both length fields of a block, which is `in_ring` bytes long in its ring, to `length`.
void set_lengths(xdpcap_block& block, std::uint32_t in_ring, std::uint32_t length) {
  auto* end = reinterpret_cast<std::byte*>(&block) + in_ring;
  std::memcpy(end - sizeof(length), &length, sizeof(length));
  block.block_length = length;
}

// The bytes of the option of that code that is at this offset of a block; 0 if it is another one.
std::size_t option_at(const xdpcap_block& block, std::size_t offset, std::uint16_t code,
                      std::uint16_t least) {
  xdpcap_drop_count option{};
  std::memcpy(&option, reinterpret_cast<const std::byte*>(&block) + offset, sizeof(option));
  constexpr std::size_t kHead = offsetof(xdpcap_drop_count, count);
  if (option.code != code || option.length < least || option.length > kMostOption) return 0;
  return kHead + (option.length + std::size_t{3}) / 4 * 4;
}

// The original length of a block whose last `replaced` bytes before the tail were replaced,
// whatever its length field says. What is there begins with a number below 2^16, which cannot be
// mistaken for the head of an option before it.
std::uint32_t recorded_length(const xdpcap_block& block, std::uint32_t replaced) {
  const std::uint32_t padded = (block.captured_length + 3U) & ~3U;
  std::size_t length = sizeof(xdpcap_block) + padded;
  for (const std::uint16_t code : {pcapng::option::epb_dropcount, pcapng::option::epb_packetid}) {
    length += option_at(block, length, code, sizeof(xdpcap_drop_count::count));
  }
  length += option_at(block, length, pcapng::option::opt_comment, sizeof(xdpcap_ingress::text));
  return static_cast<std::uint32_t>(length + replaced + sizeof(xdpcap_block_tail));
}

}  // namespace

void restore_blocks(RingCursor& cursor, std::uint64_t clock_offset,
                    std::span<const std::uint32_t> replaced, bool any_grown) {
  const std::uint64_t begin = cursor.position();
  for (cursor.refresh(); cursor.ready(); cursor.next()) {
    xdpcap_block& block = cursor.block();
    const std::uint32_t id = block.interface_id;
    const std::uint32_t bytes = id < replaced.size() ? replaced[id] : 0;
    if (bytes != 0 || any_grown) {
      if (block.captured_length > XDPCAP_MOST_CAPTURED) RingCursor::throw_corrupt();
      const std::uint32_t length = recorded_length(block, bytes);
      set_lengths(block, length, length);
    }
    if (time_of(block) > clock_offset) set_time(block, time_of(block) - clock_offset);
  }
  cursor.go_back(begin);
}

// Only the last block of a ring can have an open fate: once there is a later one, its CPU has moved
// on and the kernel reports nothing more about it. The recorder stores `last` before the head, so
// after the head was loaded, `last` is the block that ends there or a later one. (Stores of tracing
// programs become visible in order only on CPUs that do not reorder stores. On others `last` of a
// block that is being recorded may even be visible before them: then the fate of the block before
// it is read too early.)
void RingCursor::hold_open_fate(std::uint64_t settled) {
  const std::uint64_t last = std::atomic_ref(ring_->last).load(std::memory_order_acquire);
  if (last >= end_) return;
  if (last < position_ || last % alignof(xdpcap_block) != 0) throw_corrupt();
  auto& block = *reinterpret_cast<xdpcap_block*>(blocks_ + (last & (size_ - 1)));
  if (!is_plausible(block)) throw_corrupt();
  if (time_of(block) <= settled) return;
  const __u32 state = std::atomic_ref(fate_of(block).state).load(std::memory_order_acquire);
  const bool decided = state != XDPCAP_FATE_OPEN && kOrderedStores;
  if (decided || state == XDPCAP_FATE_NONE) return;
  end_ = last;
  busy_ = true;
}

void RingCursor::throw_corrupt() {
  throw Error("reading the rings: they are corrupt",
              "another program writes to the maps of this one; bpftool map shows which");
}

void RingCursor::resize_block(std::uint32_t length) {
  length_ = block().block_length;
  set_lengths(block(), length_, length);
}

Rings::Rings(const std::vector<std::uint32_t>& online, std::uint32_t possible,
             std::uint64_t bytes_per_cpu)
    : size_(ring_size(bytes_per_cpu)), possible_(possible) {
  add(online);
  publish();
}

void Rings::add(const std::vector<std::uint32_t>& online) {
  for (const std::uint32_t cpu : online) {
    if (std::find(cpus_.begin(), cpus_.end(), cpu) == cpus_.end()) add(cpu);
  }
}

void Rings::add(std::uint32_t cpu) {
  UniqueFd ring = create_ring(size_);
  Mapping memory(ring.get(), memory_size(size_), PROT_READ | PROT_WRITE, 0, "mapping a ring");
  cpus_.reserve(cpus_.size() + 1);
  memory_.reserve(memory_.size() + 1);
  cursors_.reserve(cursors_.size() + 1);
  unpublished_.reserve(unpublished_.size() + 1);
  // Creating a map of maps takes an inner map as the template: the first ring.
  if (!array_.valid()) {
    array_ = create_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, "xdpcap_rings", sizeof(std::uint32_t),
                        sizeof(std::uint32_t), possible_, 0, ring.get());
  }
  cursors_.emplace_back(memory.at(0), size_, cpu);
  memory_.push_back(std::move(memory));
  cpus_.push_back(cpu);
  unpublished_.push_back(std::move(ring));
}

std::size_t Rings::publish() {
  const std::size_t first = cpus_.size() - unpublished_.size();
  for (std::size_t i = 0; i < unpublished_.size(); ++i) {
    const std::uint32_t cpu = cpus_[first + i];
    const int ring = unpublished_[i].get();
    if (bpf_map_update_elem(array_.get(), &cpu, &ring, BPF_ANY) != 0) {
      throw system_error("installing the ring of CPU " + std::to_string(cpu), errno);
    }
  }
  if (!first_.valid()) first_ = std::move(unpublished_.front());
  return std::exchange(unpublished_, {}).size();
}

// There is no system call to wait for running programs, but updating a map of maps does it: the
// kernel waits for an RCU grace period before it returns, so that no program can still see the old
// inner map (Linux 4.20, commit 1ae80cf31938). XDP programs run inside RCU read-side sections, so
// none outlives the wait. Replacing a ring by itself changes nothing else.
void Rings::wait_for_recorders() const {
  const int ring = first_.get();
  if (bpf_map_update_elem(array_.get(), &cpus_.front(), &ring, BPF_ANY) != 0) {
    throw system_error("waiting for running programs", errno);
  }
}

std::uint64_t Rings::most_waiting() const {
  std::uint64_t most = 0;
  for (const RingCursor& cursor : cursors_) most = std::max(most, cursor.waiting());
  return most;
}

// The largest holds what arrives in 20 ms at 1.5 GB/s: so long may other programs on a busy machine
// keep the reader from running. Rings of 8 to 64 MiB are equally fast (tests/bench), but the kernel
// needs 1 ms and more to clear each MiB of a fresh virtual machine.
std::uint64_t default_ring_bytes(std::uint64_t memory_bytes, std::size_t cpus) {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
  constexpr std::uint64_t kAllTogether = 512 * kMiB;
  constexpr std::uint64_t kLeast = kMiB / 4;
  constexpr std::uint64_t kMost = 32 * kMiB;
  const std::uint64_t share =
      std::min(memory_bytes / 64, kAllTogether) / std::max<std::size_t>(cpus, 1);
  return std::bit_floor(std::clamp(share, kLeast, kMost));
}

}  // namespace xdpcap
