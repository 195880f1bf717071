// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bpf/features.hpp"
#include "filter/expression.hpp"
#include "recorder/tracing_capture.hpp"
#include "support/bpf_object.hpp"
#include "support/cpu.hpp"
#include "support/test_run.hpp"
#include "traced.skel.h"

namespace xdpcap::test {

// Of `act`: it returns the first byte. To `change`, the second one says what to do.
inline Packet packet_for(std::uint32_t action, std::size_t size, std::uint8_t second = 0) {
  Packet packet = numbered_packet(size);
  packet[0] = static_cast<std::uint8_t>(action);
  packet[1] = second;
  return packet;
}

// TracedTest has the programs of traced.bpf.c. It is skipped where the kernel traces no programs.
class TracedTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCpu = 0;

  static void SetUpTestSuite() {
    if (programs_) return;
    programs_ = std::make_unique<LoadedSkeleton<traced_bpf>>([](traced_bpf& traced) {
      bpf_program__set_autoload(traced.progs.with_fragments, has_xdp_load_bytes());
      bpf_program__set_autoload(traced.progs.shorten, has_xdp_load_bytes());
    });
  }
  void SetUp() override {
    static const std::string reason = why_no_tracing(fd("act"));
    if (!reason.empty()) GTEST_SKIP() << reason;
    stay_on_cpu(kCpu);  // so that there is one ring, with all packets in order
  }

  static int fd(const char* program) {
    return bpf_program__fd(bpf_object__find_program_by_name((*programs_)->obj, program));
  }
  static int map(const char* name) {
    return bpf_map__fd(bpf_object__find_map_by_name((*programs_)->obj, name));
  }
  // A capture of everything.
  static TracingSetup setup(const char* program = "act") {
    return {.target_fd = fd(program), .filter = compile_filter("", LinkType{})};
  }
  static std::uint32_t run(const Packet& packet, const char* program = "act",
                           std::uint32_t repeat = 1) {
    return test_run(fd(program), packet, {.repeat = repeat}).action;
  }

 private:
  static inline std::unique_ptr<LoadedSkeleton<traced_bpf>> programs_;
};

}  // namespace xdpcap::test
