// SPDX-License-Identifier: BSD-3-Clause
// The maps and the CPU for a recorder that runs in the tests' interpreter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "filter/ebpf_interpreter.hpp"
#include "recorder/record.h"
#include "recorder/recorder.hpp"
#include "support/made_ring.hpp"

namespace xdpcap::test {

// RecorderWorld is one CPU's ring, its counters, and a clock that each look moves on.
class RecorderWorld : public World {
 public:
  static constexpr std::uint32_t kCpus = 2;
  static constexpr std::uint32_t kCpu = 1;
  static constexpr int kControlFd = 3;
  static constexpr int kRingsFd = 4;
  static constexpr int kWakeupFd = 5;
  static constexpr int kLastFd = 6;

  explicit RecorderWorld(std::size_t ring_bytes) : ring_(ring_bytes), ring_bytes_(ring_bytes) {
    control_.head.wake_at = XDPCAP_AWAKE;
  }

  // Of the recorder of an action, which is interface and row 0 here, too.
  [[nodiscard]] static RecorderSpec spec(std::size_t ring_bytes) {
    return {.action = XdpAction(0),
            .interface_id = 0,
            .snaplen = kMaxSnaplen,
            .cpus = kCpus,
            .counters_row = 0,
            .control_fd = kControlFd,
            .rings_fd = kRingsFd,
            .ring_bytes = static_cast<std::uint32_t>(ring_bytes),
            .wakeup_fd = kWakeupFd,
            .frags = false,
            .has_xdp_load_bytes = true};
  }

  [[nodiscard]] std::byte* ring() { return ring_.memory(); }
  [[nodiscard]] bool busy() { return ring_.ring().busy != 0; }
  [[nodiscard]] const xdpcap_counters& counters() const { return control_.rows[kCpu]; }

  std::uint32_t random = 0;

  std::uint8_t* memory(std::uint64_t address, std::size_t size) override {
    const std::size_t ring_size = sizeof(xdpcap_ring) + ring_bytes_ + XDPCAP_RING_OVERHANG;
    if (auto* at = part(ring_.memory(), ring_size, kRing, address, size)) return at;
    if (auto* at = part(&control_, sizeof(control_), kControl, address, size)) return at;
    return part(last_.data(), sizeof(last_), kLast, address, size);
  }
  std::uint64_t map(int fd) override { return kMaps + static_cast<std::uint64_t>(fd); }
  std::uint64_t map_value(int fd) override { return fd == kLastFd ? kLast : kControl; }

  std::optional<std::uint64_t> call(std::int32_t helper, std::uint64_t first,
                                    std::optional<Key> key) override {
    switch (helper) {
      case BPF_FUNC_get_smp_processor_id:
        return kCpu;
      case BPF_FUNC_ktime_get_ns:
        return ++clock_;
      case BPF_FUNC_get_prandom_u32:
        return random;
      case BPF_FUNC_map_lookup_elem:
        if (first == map(kRingsFd) && key == kCpu) return kRingOfCpu;
        if (first == kRingOfCpu && key == 0) return kRing;
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

 protected:
  static std::uint8_t* part(void* begin, std::size_t length, std::uint64_t start,
                            std::uint64_t address, std::size_t size) {
    const std::uint64_t offset = address - start;
    if (offset >= length || size > length - offset) return nullptr;
    return static_cast<std::uint8_t*>(begin) + offset;
  }

 private:
  static constexpr std::uint64_t kRing = kAddress;
  static constexpr std::uint64_t kControl = 2 * kAddress;
  static constexpr std::uint64_t kLast = 3 * kAddress;
  static constexpr std::uint64_t kMaps = 4 * kAddress;  // no memory: what helpers take
  static constexpr std::uint64_t kRingOfCpu = kMaps + 100;

  MadeRing ring_;
  std::size_t ring_bytes_;
  struct {
    xdpcap_control head;
    std::array<xdpcap_counters, kCpus> rows;
  } control_{};
  std::array<xdpcap_last, kCpus> last_{};
  std::uint64_t clock_ = 0;
};

}  // namespace xdpcap::test
