// SPDX-License-Identifier: BSD-3-Clause
// A tracing recorder in the kernel, on a program that a test runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bpf/program_loader.hpp"
#include "filter/cbpf.hpp"
#include "process/cpus.hpp"
#include "recorder/recorder.hpp"
#include "ring/control.hpp"
#include "ring/rings.hpp"
#include "ring/wakeup.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {

struct TracingSetup {
  int target_fd = -1;
  CbpfProgram filter = {};
  TracePoint point = TracePoint::exit;
  std::vector<std::uint32_t> actions = {0, 1, 2, 3, 4};  // each recorded as interface 10 + action
  std::uint32_t snaplen = kMaxSnaplen;
  std::uint64_t ring_bytes = std::uint64_t{1} << 20U;
  bool has_rings = true;
  Conditions conditions = {};
  Budget budget = {};
  bool note_ingress = false;
  bool note_fate = false;
  bool only_counts = false;
  bool ordered_stores = kOrderedStores;
  bool may_use_buff_len = true;
  std::vector<std::uint32_t> filter_offsets = {};
  std::optional<XdpBuffLayout> layout = {};  // the kernel's unless it is set
};

// A block, and its options in order.
struct TracedRecord {
  struct Option {
    std::uint16_t code;
    std::vector<std::uint8_t> value;
  };

  xdpcap_block head;
  Packet bytes;
  bool padded_with_zeros;
  std::optional<xdpcap_fate> fate;
  std::vector<Option> options;

  // Of epb_verdict, without its first byte.
  [[nodiscard]] std::optional<std::uint64_t> verdict() const;
  // The value of the first such option.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> option(std::uint16_t code) const;
};

class TracingCapture {
 public:
  // Throws Error.
  explicit TracingCapture(const TracingSetup& setup);

  std::vector<TracedRecord> take();
  [[nodiscard]] Counts counts(std::uint32_t action) const { return control_.read(action); }
  // Marks all rings as busy, or no longer.
  void set_busy(bool busy) const;
  [[nodiscard]] xdpcap_last last_on(std::uint32_t cpu) const;

 private:
  [[nodiscard]] ebpf::Program make(const TracingSetup& setup) const;
  [[nodiscard]] TracedRecord copy(const xdpcap_block& block) const;

  static constexpr std::uint32_t kRows = 5;
  bool notes_fate_;
  Cpus cpus_ = read_cpus();
  Control control_{kRows, cpus_.possible};
  Wakeup wakeup_;
  Rings rings_;
  UniqueFd last_;
  UniqueFd buckets_ =
      create_map(BPF_MAP_TYPE_ARRAY, "buckets", sizeof(std::uint32_t), sizeof(xdpcap_bucket), 1);
  UniqueFd scratch_ = create_map(BPF_MAP_TYPE_ARRAY, "scratch", sizeof(std::uint32_t),
                                 scratch_bytes(cpus_.possible), 1);
  UniqueFd program_;
  UniqueFd link_;
};

// Empty if this kernel lets the process trace XDP programs, else what it says. In the machines of
// tests/vm all do.
std::string why_no_tracing(int target_fd);

}  // namespace xdpcap::test
