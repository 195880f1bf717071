// SPDX-License-Identifier: BSD-3-Clause
// XDP programs that exit through a hook, generated as needed and run in the kernel.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "bpf/program_loader.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {

// PinFolder is a folder in bpffs, removed on destruction with all pins in it.
class PinFolder {
 public:
  PinFolder();
  PinFolder(const PinFolder&) = delete;
  PinFolder& operator=(const PinFolder&) = delete;
  PinFolder(PinFolder&&) = delete;
  PinFolder& operator=(PinFolder&&) = delete;
  ~PinFolder();

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  void pin(int fd, const std::string& name);

 private:
  std::string path_;
  std::vector<std::string> pinned_;
};

// An empty hook map.
UniqueFd create_hook(std::uint32_t slots = 5);

// Of the hook that is pinned there.
std::uint32_t filled_slots(const std::string& hook_path);

// HookedProgram is an XDP program that leaves through a hook: `return xdpcap_exit(ctx, hook,
// action)`.
class HookedProgram {
 public:
  // The action is the first byte of the packet.
  HookedProgram(int hook_fd, Flavour flavour);
  // The same action for every packet.
  HookedProgram(int hook_fd, Flavour flavour, XdpAction action);

  [[nodiscard]] int fd() const { return program_.get(); }
  // Runs it (BPF_PROG_TEST_RUN) as if the packet had arrived on the interface and queue 0, and
  // returns its return value. Not for devmap and cpumap programs, which the kernel refuses to
  // test-run.
  std::uint32_t run(std::span<const std::uint8_t> packet, std::uint32_t repeat = 1) const;

 private:
  UniqueFd program_;
};

}  // namespace xdpcap::test
