// SPDX-License-Identifier: BSD-3-Clause
#include "filter/kernel_program.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/test_run.hpp"

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

namespace xdpcap::test {
namespace {

UniqueFd load(const ebpf::Program& program, bool frags, std::vector<char>* log) {
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  if (frags) opts.prog_flags = BPF_F_XDP_HAS_FRAGS;
  if (log != nullptr) {
    opts.log_level = 1;
    opts.log_buf = log->data();
    opts.log_size = static_cast<__u32>(log->size());
  }
  return UniqueFd(bpf_prog_load(BPF_PROG_TYPE_XDP, "filter_test", "Dual BSD/GPL",
                                program.code.data(), program.code.size(), &opts));
}

// The end of the verifier's log is where it says what it does not like.
std::string last_words(const std::vector<char>& log) {
  const std::string text(log.data());
  constexpr std::size_t kEnough = 1500;
  return text.size() > kEnough ? text.substr(text.size() - kEnough) : text;
}

ebpf::Program pass_program() {
  ebpf::Assembler code;
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, static_cast<std::int32_t>(XDP_PASS));
  code.exit();
  return code.assemble();
}

}  // namespace

KernelProgram::KernelProgram(const ebpf::Program& program, bool frags)
    : fd_(load(program, frags, nullptr)) {
  if (fd_.valid()) return;
  const int error = errno;
  std::vector<char> log(16U << 20U);
  fd_ = load(program, frags, &log);
  throw system_error("loading a filter: " + last_words(log), error);
}

std::uint32_t KernelProgram::run(std::span<const std::uint8_t> packet,
                                 std::optional<std::uint32_t> linear) const {
  return test_run(fd_.get(), packet, {.linear = linear}).action;
}

double KernelProgram::time(std::span<const std::uint8_t> packet, std::uint32_t repeat) const {
  return static_cast<double>(test_run(fd_.get(), packet, {.repeat = repeat}).per_run.count());
}

std::uint32_t KernelProgram::verified_instructions() const {
  bpf_prog_info info{};
  __u32 size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd_.get(), &info, &size) != 0) {
    throw system_error("asking about a program", errno);
  }
  return info.verified_insns;
}

bool can_load_programs() {
  return load(pass_program(), false, nullptr).valid();
}

bool has_frags() {
  return load(pass_program(), true, nullptr).valid();
}

bool can_choose_linear_part() {
  try {
    const std::vector<std::uint8_t> packet(64);
    return KernelProgram(pass_program(), true).run(packet, 32) == XDP_PASS;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace xdpcap::test
