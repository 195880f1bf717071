// SPDX-License-Identifier: BSD-3-Clause
#include "support/hooked_program.hpp"

#include <bpf/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <optional>

#include "base/error.hpp"
#include "source/hook.hpp"
#include "support/test_run.hpp"

namespace xdpcap::test {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

// R6 = context, R7 = action.
void emit_action(Assembler& code, std::optional<XdpAction> action) {
  if (action) {
    code.alu64(Alu::mov, Reg::r7, static_cast<std::int32_t>(action->value()));
    return;
  }
  const Label empty = code.label();
  code.alu64(Alu::mov, Reg::r7, 0);
  code.load(Size::word, Reg::r2, Reg::r6, offsetof(xdp_md, data));
  code.load(Size::word, Reg::r3, Reg::r6, offsetof(xdp_md, data_end));
  code.alu64(Alu::mov, Reg::r4, Reg::r2);
  code.alu64(Alu::add, Reg::r4, 1);
  code.jump_if(Cond::gt, Reg::r4, Reg::r3, empty);
  code.load(Size::byte, Reg::r7, Reg::r2, 0);
  code.bind(empty);
}

UniqueFd load_hooked(int hook_fd, Flavour flavour, std::optional<XdpAction> action) {
  Assembler code;
  code.alu64(Alu::mov, Reg::r6, Reg::r1);
  emit_action(code, action);
  code.alu64(Alu::mov, Reg::r1, Reg::r6);
  code.load_map(Reg::r2, hook_fd);
  // With a constant the kernel patches a direct jump; otherwise it looks up the slot each time.
  if (action) {
    code.alu64(Alu::mov, Reg::r3, static_cast<std::int32_t>(action->value()));
  } else {
    code.alu64(Alu::mov, Reg::r3, Reg::r7);
  }
  code.call(BPF_FUNC_tail_call);
  code.alu64(Alu::mov, Reg::r0, Reg::r7);
  code.exit();
  return load_xdp_program("hooked", code.assemble(), flavour);
}

}  // namespace

PinFolder::PinFolder() {
  static std::atomic<int> counter = 0;
  path_ = "/sys/fs/bpf/xdpcap_test_" + std::to_string(::getpid()) + "_" + std::to_string(counter++);
  if (::mkdir(path_.c_str(), 0700) != 0) throw system_error("making " + path_, errno);
}

PinFolder::~PinFolder() {
  for (const std::string& path : pinned_) ::unlink(path.c_str());
  ::rmdir(path_.c_str());
}

void PinFolder::pin(int fd, const std::string& name) {
  if (bpf_obj_pin(fd, path(name).c_str()) != 0) throw system_error("pinning " + path(name), errno);
  pinned_.push_back(path(name));
}

UniqueFd create_hook(std::uint32_t slots) {
  return create_map(BPF_MAP_TYPE_PROG_ARRAY, "hook", 4, 4, slots);
}

std::uint32_t filled_slots(const std::string& hook_path) {
  const Hook hook = Hook::open(hook_path);
  std::uint32_t filled = 0;
  for (std::uint32_t slot = 0; slot < hook.slots(); ++slot) {
    if (hook.program_in(XdpAction(slot))) ++filled;
  }
  return filled;
}

HookedProgram::HookedProgram(int hook_fd, Flavour flavour)
    : program_(load_hooked(hook_fd, flavour, std::nullopt)) {}

HookedProgram::HookedProgram(int hook_fd, Flavour flavour, XdpAction action)
    : program_(load_hooked(hook_fd, flavour, action)) {}

std::uint32_t HookedProgram::run(std::span<const std::uint8_t> packet, std::uint32_t repeat) const {
  return test_run(program_.get(), packet, {.repeat = repeat}).action;
}

}  // namespace xdpcap::test
