// SPDX-License-Identifier: BSD-3-Clause
#include "support/test_run.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kMostGrowth = 4096;        // what programs add is less than a page
constexpr std::uint32_t kLiveFrames = 1U << 1U;  // BPF_F_TEST_XDP_LIVE_FRAMES

}  // namespace

TestRun test_run(int program_fd, std::span<const std::uint8_t> packet,
                 const TestRunOptions& options) {
  TestRun result;
  const auto size = static_cast<std::uint32_t>(packet.size());
  bpf_test_run_opts run{};
  run.sz = sizeof(run);
  run.data_in = packet.data();
  run.data_size_in = size;
  run.repeat = static_cast<int>(options.repeat);
  run.batch_size = options.batch_size;
  if (options.live_frames) run.flags = kLiveFrames;
  if (options.keep_packet) {
    result.packet.resize(packet.size() + kMostGrowth);
    run.data_out = result.packet.data();
    run.data_size_out = static_cast<std::uint32_t>(result.packet.size());
  }
  xdp_md context{};
  context.data_end = options.linear.value_or(size);
  context.ingress_ifindex = options.ingress_ifindex;
  if (options.linear || options.ingress_ifindex != 0) {
    run.ctx_in = &context;
    run.ctx_size_in = sizeof(context);
  }
  if (bpf_prog_test_run_opts(program_fd, &run) != 0 && (!options.interruptible || errno != EINTR)) {
    throw system_error("running a program on " + std::to_string(size) + " bytes", errno);
  }
  if (options.keep_packet) result.packet.resize(run.data_size_out);
  result.action = run.retval;
  result.per_run = std::chrono::nanoseconds(run.duration);
  return result;
}

}  // namespace xdpcap::test
