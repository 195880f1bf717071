// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/features.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "ebpf/assembler.hpp"

namespace xdpcap {

bool has_xdp_load_bytes() {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, nullptr) == 1;
}

bool has_atomic_exchange() {
  constexpr int kNotSupported = 524;  // ENOTSUPP: from the JIT, if there is no interpreter
  constexpr std::int16_t kSlot = -8;
  ebpf::Assembler code;
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, 0);
  code.store(ebpf::Size::dword, ebpf::Reg::r10, kSlot, ebpf::Reg::r0);
  code.exchange(ebpf::Size::dword, ebpf::Reg::r10, kSlot, ebpf::Reg::r0);
  code.exit();
  const ebpf::Program program = code.assemble();
  const UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "xdpcap_probe", "Dual BSD/GPL",
                                  program.code.data(), program.code.size(), nullptr));
  // Other errors, such as missing privileges, are reported when a recorder is loaded.
  return fd.valid() || (errno != EINVAL && errno != kNotSupported);
}

void require_atomic_exchange() {
  if (has_atomic_exchange()) return;
  throw Error(
      "loading recorders: this CPU reorders stores, and this kernel's BPF cannot keep them in "
      "order",
      "Linux 5.12 can on arm64, or 5.18 if it was built without the BPF interpreter");
}

}  // namespace xdpcap
