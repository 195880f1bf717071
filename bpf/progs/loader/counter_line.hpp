// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/libbpf.h>

#include <string>
#include <vector>

namespace xdpcap::loader {

// CounterLine prints the counters of a BPF_MAP_TYPE_PERCPU_ARRAY on one line: "forwarded 2,
// malformed 0".
class CounterLine {
 public:
  // `names`: of the counters, in order. Reads their present values. Throws Error.
  CounterLine(const bpf_map* counters, std::vector<std::string> names);

  // On stdout, if it has changed since the last time. Throws Error.
  void print_if_changed();

 private:
  [[nodiscard]] std::string line() const;

  const bpf_map* counters_;
  std::vector<std::string> names_;
  std::string printed_;
};

}  // namespace xdpcap::loader
