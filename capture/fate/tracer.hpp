// SPDX-License-Identifier: BSD-3-Clause
// Loads and attaches the tracing programs, and reads their counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fate/tracing.h"
#include "fate/tracing_object.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

struct PairCount {
  xdpcap_pair pair{};
  xdpcap_pair_count count{};  // summed over the CPUs
};

class Tracer {
 public:
  // Attaches programs that write fates into `rings`: with BTF (names, namespaces), or to the plain
  // tracepoints if the kernel has none. `cpus`: possible ones. Throws Error if neither works.
  Tracer(const Rings& rings, std::uint32_t cpus);

  // Why there are numbers instead of names; empty if there are names.
  [[nodiscard]] const std::string& shortcoming() const { return shortcoming_; }
  // The map of struct xdpcap_last, which recorders fill in.
  [[nodiscard]] int last_fd() const { return object_.fd("last_packets"); }
  // The maps that the functions below read.
  [[nodiscard]] std::vector<int> descriptors() const;
  // Whether they can be read: before Linux 5.19 (commit c8644cd0efe7) not by a process without
  // CAP_BPF if kernel.unprivileged_bpf_disabled is set.
  [[nodiscard]] bool can_be_read() const;
  [[nodiscard]] std::vector<PairCount> pairs() const;
  // The number of reports missing from pairs(), which has room for some thousand pairs.
  [[nodiscard]] std::uint64_t uncounted() const { return object_.counter(); }
  // The device's name when it was first seen; nothing if it was not, or without BTF.
  [[nodiscard]] std::optional<std::string> name_of(const xdpcap_device& device) const;

 private:
  enum class Kind : std::uint8_t { btf, plain };

  void load(Kind kind, const Rings& rings);
  void configure(const Rings& rings);

  std::uint32_t cpus_;
  TracingObject object_;
  std::string shortcoming_;
};

}  // namespace xdpcap
