// SPDX-License-Identifier: BSD-3-Clause
// Runs XDP programs without a kernel, to find compiler bugs where BPF is forbidden, with packets
// shorter than the kernel accepts, and under a fuzzer. Like the verifier it is strict: reading
// uninitialised registers or stack bytes, or memory out of bounds, throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebpf/assembler.hpp"

namespace xdpcap::test {

// World is what a program has beside its packet and its stack: memory of maps, and helpers.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  World(World&&) = delete;
  World& operator=(World&&) = delete;
  virtual ~World() = default;

  // Addresses from here on are the world's.
  static constexpr std::uint64_t kAddress = 0x100'0000'0000;

  // The `size` bytes at `address`; null when they are not to be touched.
  virtual std::uint8_t* memory(std::uint64_t address, std::size_t size) = 0;
  // Whether bpf_probe_read_kernel() fails there, as it does where the kernel has no memory.
  virtual bool is_unmapped(std::uint64_t /*address*/) { return false; }
  // What a map is known by, and the address of its value.
  virtual std::uint64_t map(int fd) = 0;
  virtual std::uint64_t map_value(int fd) = 0;
  // What a helper returns; nothing when it is not known. A pointer to the stack is read by `key`.
  using Key = std::uint32_t;
  virtual std::optional<std::uint64_t> call(std::int32_t helper, std::uint64_t first,
                                            std::optional<Key> key) = 0;
};

// Interpreter runs one program on one packet, instruction by instruction.
class Interpreter {
 public:
  // The first `linear` bytes of the packet are in the linear part. Everything has to live as long
  // as this does. Knows the helpers bpf_xdp_get_buff_len(), bpf_xdp_load_bytes() and
  // bpf_probe_read_kernel(), and those of the world.
  Interpreter(const ebpf::Program& program, std::span<const std::uint8_t> packet,
              std::size_t linear, World* world = nullptr);

  // Where the packet begins in the program's view of memory: xdp_md holds it in 32 bits.
  static constexpr std::uint64_t kPacketAddress = 0x3000'0000;

  // For a tracing program: its context is the arguments, and what the traced function returned.
  void set_arguments(std::array<std::uint64_t, 2> arguments) { arguments_ = arguments; }
  // The ingress interface's index; 1 unless it is set.
  void set_ingress(std::uint32_t interface) { ingress_ = interface; }

  [[nodiscard]] bool finished() const { return finished_; }
  // Throws Error when the program does what no verified program could.
  void step();
  // Runs it to its end, and returns what it returned.
  std::uint32_t run();
  // The helpers it has called so far.
  [[nodiscard]] const std::vector<std::int32_t>& calls() const { return calls_; }

 private:
  [[noreturn]] void fail(const std::string& what) const;
  [[nodiscard]] std::uint64_t get(unsigned reg) const;
  void set(unsigned reg, std::uint64_t value);

  void execute(const bpf_insn& insn);
  void constant(const bpf_insn& insn);
  [[nodiscard]] std::uint64_t operand(const bpf_insn& insn) const;
  void alu(const bpf_insn& insn);
  [[nodiscard]] std::uint64_t compute(unsigned op, std::uint64_t left, std::uint64_t right,
                                      std::uint64_t shift_mask) const;
  void swap(const bpf_insn& insn);
  [[nodiscard]] bool holds(const bpf_insn& insn) const;
  void jump(const bpf_insn& insn);

  void call(std::int32_t helper);
  [[nodiscard]] std::uint64_t call_world(std::int32_t helper);
  [[nodiscard]] std::uint64_t xdp_load_bytes();
  [[nodiscard]] std::uint64_t probe_read_kernel();

  [[nodiscard]] std::uint8_t* stack_at(std::uint64_t address, std::size_t size, bool write);
  [[nodiscard]] std::uint8_t* writable(std::uint64_t address, std::size_t size);
  [[nodiscard]] std::uint64_t load(std::uint64_t address, std::size_t size);
  [[nodiscard]] std::uint64_t context(std::uint64_t offset, std::size_t size) const;
  void store(const bpf_insn& insn, std::uint64_t value);
  void atomic(const bpf_insn& insn);

  static constexpr std::size_t kStackSize = 512;

  std::span<const bpf_insn> code_;
  std::span<const std::uint8_t> packet_;
  std::size_t linear_;
  World* world_;
  std::uint32_t ingress_ = 1;
  std::optional<std::array<std::uint64_t, 2>> arguments_;
  bool finished_ = false;
  std::size_t at_ = 0;
  std::array<std::uint64_t, 11> registers_{};
  std::array<bool, 11> written_{};
  std::array<std::uint8_t, kStackSize> stack_{};
  std::array<bool, kStackSize> stack_written_{};
  std::vector<std::int32_t> calls_;
};

// What `program` returns for `packet`, whose first `linear` bytes (all when absent) are in the
// linear part.
std::uint32_t interpret(const ebpf::Program& program, std::span<const std::uint8_t> packet,
                        std::optional<std::size_t> linear = std::nullopt, World* world = nullptr);

}  // namespace xdpcap::test
