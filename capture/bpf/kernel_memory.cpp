// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/kernel_memory.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/program_loader.hpp"
#include "ebpf/assembler.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Reg;
using ebpf::Size;

// The end of a program: copies a piece from R3 to the result, and returns what the helper does.
UniqueFd load_reader(Assembler& code, int result_fd, std::size_t size) {
  code.load_map_value(Reg::r1, result_fd, 0);
  code.alu64(Alu::mov, Reg::r2, static_cast<std::int32_t>(size));
  code.call(BPF_FUNC_probe_read_kernel);
  code.exit();
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  return load_program(BPF_PROG_TYPE_RAW_TRACEPOINT, "xdpcap_read", code.assemble(), options,
                      "raw tracepoint");
}

}  // namespace

KernelMemory::KernelMemory()
    : result_(create_map(BPF_MAP_TYPE_ARRAY, "xdpcap_read", sizeof(std::uint32_t), kPiece, 1)) {
  Assembler code;
  code.load(Size::dword, Reg::r3, Reg::r1, 0);
  program_ = load_reader(code, result_.get(), kPiece);
}

std::optional<KernelMemory::Piece> KernelMemory::run(int program_fd, std::uint64_t argument) const {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.ctx_in = &argument;
  options.ctx_size_in = sizeof(argument);
  if (bpf_prog_test_run_opts(program_fd, &options) != 0 || options.retval != 0) return std::nullopt;
  const std::uint32_t zero = 0;
  Piece piece{};
  if (bpf_map_lookup_elem(result_.get(), &zero, piece.data()) != 0) return std::nullopt;
  return piece;
}

std::optional<KernelMemory::Piece> KernelMemory::read(std::uint64_t address) const {
  return run(program_.get(), address);
}

std::optional<std::uint64_t> KernelMemory::read_word(std::uint64_t address) const {
  const auto piece = read(address);
  if (!piece) return std::nullopt;
  std::uint64_t word = 0;
  std::memcpy(&word, piece->data(), sizeof(word));
  return word;
}

std::optional<std::uint64_t> KernelMemory::address_of_map(int map_fd) const {
  constexpr std::int16_t kSlot = -8;
  Assembler code;
  code.load_map(Reg::r1, map_fd);
  code.store(Size::dword, Reg::r10, kSlot, Reg::r1);
  code.alu64(Alu::mov, Reg::r3, Reg::r10);
  code.alu64(Alu::add, Reg::r3, kSlot);
  const auto piece =
      run(load_reader(code, result_.get(), sizeof(std::uint64_t)).get(), /*argument=*/0);
  if (!piece) return std::nullopt;
  std::uint64_t address = 0;
  std::memcpy(&address, piece->data(), sizeof(address));
  return address;
}

}  // namespace xdpcap
