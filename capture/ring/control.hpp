// SPDX-License-Identifier: BSD-3-Clause
// The memory that recorders and the reader share: the counters, and the reader's wake-up threshold.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "recorder/record.h"

namespace xdpcap {

// The name of its map, which also identifies recorders.
inline constexpr const char* kControlName = "xdpcap_control";

// Counts is what happened to the packets of one action so far, summed over the CPUs.
struct Counts {
  std::uint64_t received = 0;  // reached the recorder
  std::uint64_t matched = 0;   // of them: matched the filter
  std::uint64_t lost = 0;      // of those: could not be recorded (record.h)
  std::uint64_t left_out = 0;  // of those: not chosen by the budget
};

class Control {
 public:
  // A row of counters for each of `rows` recorders on each of `cpus` CPUs. Throws Error.
  Control(std::uint32_t rows, std::uint32_t cpus);

  [[nodiscard]] int fd() const { return map_.get(); }
  [[nodiscard]] Counts read(std::uint32_t row) const;

  // The first recorder whose ring holds `bytes` bytes wakes the reader; once only.
  void wake_at(std::uint64_t bytes) { wake_at_ref().store(bytes, std::memory_order_seq_cst); }
  // From now on no recorder wakes the reader.
  void stay_awake() { wake_at(XDPCAP_AWAKE); }

 private:
  [[nodiscard]] std::atomic_ref<__u64> wake_at_ref() const;

  std::uint32_t cpus_;
  UniqueFd map_;
  Mapping memory_;
};

}  // namespace xdpcap
