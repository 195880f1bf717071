// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/grace_period.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>

#include "base/error.hpp"
#include "kernel/program_loader.hpp"

namespace xdpcap {

// No system call is named so, but changing a map of maps is one: the kernel waits for an RCU grace
// period before it returns, so that no program can still see the old inner map (Linux 4.20, commit
// 1ae80cf31938). XDP programs run inside RCU read-side sections, so none outlives the wait.
void wait_for_running_programs() {
  const UniqueFd inner = create_map(BPF_MAP_TYPE_ARRAY, "xdpcap_grace", 4, 4, 1);
  const UniqueFd outer =
      create_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, "xdpcap_grace", 4, 4, 1, 0, inner.get());
  const std::uint32_t key = 0;
  const int value = inner.get();
  if (bpf_map_update_elem(outer.get(), &key, &value, BPF_ANY) != 0) {
    throw system_error("waiting for running programs", errno);
  }
}

}  // namespace xdpcap
