// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "base/error.hpp"
#include "hook/marker.hpp"
#include "progs/packets.hpp"
#include "support/bpf_object.hpp"

namespace xdpcap::test {

struct Verdict {
  std::uint32_t action;
  Bytes packet;  // as it left the program
};

// SkeletonProgram runs an example program on single packets in the kernel (BPF_PROG_TEST_RUN), with
// a marker in each slot of its hook, so that a return which does not go through the hook shows.
template <class Skeleton>
class SkeletonProgram : public LoadedSkeleton<Skeleton> {
 public:
  using LoadedSkeleton<Skeleton>::LoadedSkeleton;

  // Puts a marker into each slot of a hook: the first one's at 100 and so on.
  void watch(const bpf_map* hook, int base = 100) {
    for (std::uint32_t slot = 0; slot < bpf_map__max_entries(hook); slot++) {
      put_into_slot(bpf_map__fd(hook), slot, load_marker(base + static_cast<int>(slot)).get());
    }
  }

  // The program's verdict on a packet that arrives on an interface (0 for none). A failure of the
  // test if it did not come through the hook whose markers begin at `base`.
  Verdict run(const bpf_program* program, const Bytes& packet, std::uint32_t ingress_ifindex = 0,
              std::uint32_t base = 100) const {
    const TestRun result = run_program(bpf_program__fd(program), packet, ingress_ifindex);
    EXPECT_GE(result.action, base) << "a return that does not go through the hook";
    EXPECT_LT(result.action, base + 5) << "a return through another hook";
    return {result.action - base, result.packet};
  }
};

// Whether BPF_PROG_TEST_RUN lets packets come in by an interface: since Linux 5.14 (commit
// ec94670fcb3b).
inline bool runs_with_ingress() {
  constexpr std::uint32_t kLoopback = 1;
  try {
    run_program(load_marker(XDP_PASS).get(), Bytes(64), kLoopback);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Fixture for programs that use the ingress interface.
template <class Fixture>
class IngressTest : public Fixture {
 protected:
  void SetUp() override {
    if (!runs_with_ingress()) {
      GTEST_SKIP() << "this kernel cannot set the ingress interface (5.14)";
    }
  }
};

}  // namespace xdpcap::test
