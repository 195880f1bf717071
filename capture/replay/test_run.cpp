// SPDX-License-Identifier: BSD-3-Clause
#include "replay/test_run.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// More than the longest packet with fragments (17 pages and a linear part).
constexpr std::size_t kMostBytesOut = std::size_t{256} * 1024;
// A size that every kernel accepts, so that a refusal is due to the program, not the packet.
constexpr std::size_t kOrdinaryBytes = 1514;

}  // namespace

TestRun::TestRun(int program_fd, std::uint32_t ingress_ifindex)
    : program_fd_(program_fd), ingress_ifindex_(ingress_ifindex), out_(kMostBytesOut) {}

std::optional<TestRunResult> TestRun::run(std::span<const std::byte> packet) {
  if (packet.size() < kLeastBytes) return std::nullopt;
  TestRunResult outcome{};
  int error_number = try_once(packet, outcome);
  if (error_number == EINVAL && supports_context_) {
    supports_context_ = false;  // before Linux 5.14 (commit ec94670fcb3b)
    error_number = try_once(packet, outcome);
    supports_context_ = error_number != 0;  // the context was not the cause
    if (!supports_context_ && ingress_ifindex_ != 0) {
      throw Error("running the program: this kernel does not support --via",
                  "omit it, or replay on Linux 5.14 or newer");
    }
  }
  if (error_number == 0) return outcome;
  const bool may_be_too_long = error_number == EINVAL || error_number == ENOMEM;
  if (packet.size() > kOrdinaryBytes && may_be_too_long && runs_at_all()) return std::nullopt;
  throw system_error(
      "running the program", error_number,
      error_number == EINVAL ? "the kernel cannot test-run devmap or cpumap programs" : "");
}

// Tests that without a run, which would change the program's maps: an unreadable packet is EFAULT,
// which the kernel finds only after it has accepted the program.
bool TestRun::runs_at_all() const {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = reinterpret_cast<const void*>(1);
  options.data_size_in = kOrdinaryBytes;
  options.repeat = 1;
  return bpf_prog_test_run_opts(program_fd_, &options) == 0 || errno != EINVAL;
}

// Returns 0 or the error number.
int TestRun::try_once(std::span<const std::byte> packet, TestRunResult& outcome) {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  xdp_md context{};
  context.data_end = static_cast<std::uint32_t>(packet.size());
  context.ingress_ifindex = ingress_ifindex_;
  xdp_md context_out{};
  if (supports_context_) {
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    options.ctx_out = &context_out;
    options.ctx_size_out = sizeof(context_out);
  }
  options.data_in = packet.data();
  options.data_size_in = static_cast<std::uint32_t>(packet.size());
  options.data_out = out_.data();
  options.data_size_out = static_cast<std::uint32_t>(out_.size());
  options.repeat = 1;
  if (bpf_prog_test_run_opts(program_fd_, &options) != 0) return errno;
  // The output begins with the program's metadata (bpf_xdp_adjust_meta), if any.
  const auto whole = std::span(out_).first(options.data_size_out);
  outcome = {options.retval, whole.subspan(context_out.data)};
  return 0;
}

}  // namespace xdpcap
