// SPDX-License-Identifier: BSD-3-Clause
#include "hook/marker.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace xdpcap {

UniqueFd load_marker(int value, bpf_attach_type attach_type) {
  std::array<bpf_insn, 2> code{};
  code[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
  code[0].dst_reg = BPF_REG_0;
  code[0].imm = value;
  code[1].code = BPF_JMP | BPF_EXIT;

  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = attach_type;
  UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_XDP, "marker", "Dual BSD/GPL", code.data(),
                                 code.size(), &options));
  if (!program.valid()) throw system_error("loading a marker program", errno);
  return program;
}

void put_into_slot(int hook_fd, std::uint32_t slot, int program_fd) {
  if (bpf_map_update_elem(hook_fd, &slot, &program_fd, BPF_ANY) != 0) {
    throw system_error("filling slot " + std::to_string(slot), errno);
  }
}

test::TestRun run_program(int program_fd, std::vector<std::uint8_t> packet,
                          std::uint32_t ingress_ifindex) {
  packet.resize(std::max<std::size_t>(packet.size(), 14));
  return test::test_run(program_fd, packet,
                        {.keep_packet = true, .ingress_ifindex = ingress_ifindex});
}

}  // namespace xdpcap
