// SPDX-License-Identifier: BSD-3-Clause
#include "filter/ebpf_interpreter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "base/error.hpp"
#include "ebpf/disassembler.hpp"

namespace xdpcap::test {
namespace {

// Where things lie in the program's view of memory: far apart, so that no small mistake leads from
// one to another.
constexpr std::uint64_t kContextAddress = 0x10'0000'0000;
constexpr std::uint64_t kStackAddress = 0x20'0000'0000;
// More than a filter runs in its 64 rounds; a program that needs more does not end.
constexpr std::size_t kMaxSteps = 4'000'000;

template <class Value>
Value read_as(const std::uint8_t* from) {
  Value value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

std::size_t size_of(const bpf_insn& insn) {
  constexpr std::array<std::size_t, 4> kSizes = {4, 2, 1, 8};
  return kSizes[BPF_SIZE(insn.code) >> 3];
}

std::uint64_t widen(const std::uint8_t* from, std::size_t size) {
  switch (size) {
    case 1:
      return *from;
    case 2:
      return read_as<std::uint16_t>(from);
    case 4:
      return read_as<std::uint32_t>(from);
    default:
      return read_as<std::uint64_t>(from);
  }
}

}  // namespace

Interpreter::Interpreter(const ebpf::Program& program, std::span<const std::uint8_t> packet,
                         std::size_t linear, World* world)
    : code_(program.code), packet_(packet), linear_(linear), world_(world) {
  set(1, kContextAddress);
  set(10, kStackAddress + kStackSize);
}

std::uint32_t Interpreter::run() {
  for (std::size_t steps = 0; !finished_; ++steps) {
    if (steps == kMaxSteps) fail("does not end");
    step();
  }
  return static_cast<std::uint32_t>(get(0));
}

void Interpreter::step() {
  if (at_ >= code_.size()) fail("ran out of the program");
  const bpf_insn& insn = code_[at_++];
  if (insn.code == (BPF_JMP | BPF_EXIT)) {
    (void)get(0);
    finished_ = true;
  } else {
    execute(insn);
  }
}

void Interpreter::fail(const std::string& what) const {
  const std::size_t at = at_ == 0 ? 0 : at_ - 1;
  const std::string text =
      at < code_.size() ? ebpf::to_string(code_[at], bpf_insn{}) : std::string("?");
  throw Error("interpreting BPF: instruction " + std::to_string(at) + " (" + text + ") " + what);
}

std::uint64_t Interpreter::get(unsigned reg) const {
  if (!written_[reg]) fail("reads r" + std::to_string(reg) + ", which nothing was put into");
  return registers_[reg];
}
void Interpreter::set(unsigned reg, std::uint64_t value) {
  registers_[reg] = value;
  written_[reg] = true;
}

void Interpreter::execute(const bpf_insn& insn) {
  switch (BPF_CLASS(insn.code)) {
    case BPF_ALU:
    case BPF_ALU64:
      return alu(insn);
    case BPF_LDX:
      return set(insn.dst_reg,
                 load(get(insn.src_reg) + static_cast<std::uint64_t>(insn.off), size_of(insn)));
    case BPF_ST:
      return store(insn, static_cast<std::uint64_t>(std::int64_t{insn.imm}));
    case BPF_STX:
      return BPF_MODE(insn.code) == BPF_MEM ? store(insn, get(insn.src_reg)) : atomic(insn);
    case BPF_LD:
      return constant(insn);
    case BPF_JMP:
    case BPF_JMP32:
      return jump(insn);
    default:
      fail("is not known to the interpreter");
  }
}

// A 64-bit constant, of which the next instruction has the upper half, or a map.
void Interpreter::constant(const bpf_insn& insn) {
  const bpf_insn& upper = code_[at_++];
  if (insn.src_reg == 0) {
    const std::uint64_t high = static_cast<std::uint32_t>(upper.imm);
    return set(insn.dst_reg, high << 32 | static_cast<std::uint32_t>(insn.imm));
  }
  if (world_ == nullptr) fail("names a map");
  if (insn.src_reg == BPF_PSEUDO_MAP_FD) return set(insn.dst_reg, world_->map(insn.imm));
  set(insn.dst_reg, world_->map_value(insn.imm) + static_cast<std::uint32_t>(upper.imm));
}

std::uint64_t Interpreter::operand(const bpf_insn& insn) const {
  if (BPF_SRC(insn.code) == BPF_X) return get(insn.src_reg);
  return static_cast<std::uint64_t>(std::int64_t{insn.imm});
}

void Interpreter::alu(const bpf_insn& insn) {
  if (BPF_OP(insn.code) == BPF_END) return swap(insn);
  const bool narrow = BPF_CLASS(insn.code) == BPF_ALU;
  std::uint64_t right = operand(insn);
  std::uint64_t left = BPF_OP(insn.code) == BPF_MOV ? 0 : get(insn.dst_reg);
  if (narrow) {
    right = static_cast<std::uint32_t>(right);
    left = static_cast<std::uint32_t>(left);
  }
  std::uint64_t result = compute(BPF_OP(insn.code), left, right, narrow ? 31 : 63);
  if (narrow) result = static_cast<std::uint32_t>(result);
  set(insn.dst_reg, result);
}

std::uint64_t Interpreter::compute(unsigned op, std::uint64_t left, std::uint64_t right,
                                   std::uint64_t shift_mask) const {
  switch (static_cast<ebpf::Alu>(op)) {
    case ebpf::Alu::add:
      return left + right;
    case ebpf::Alu::sub:
      return left - right;
    case ebpf::Alu::mul:
      return left * right;
    case ebpf::Alu::div:
      if (right == 0) fail("divides by zero");
      return left / right;
    case ebpf::Alu::mod:
      if (right == 0) fail("divides by zero");
      return left % right;
    case ebpf::Alu::bit_or:
      return left | right;
    case ebpf::Alu::bit_and:
      return left & right;
    case ebpf::Alu::bit_xor:
      return left ^ right;
    case ebpf::Alu::lsh:
      if (right > shift_mask) fail("shifts too far");
      return left << right;
    case ebpf::Alu::rsh:
      if (right > shift_mask) fail("shifts too far");
      return left >> right;
    case ebpf::Alu::neg:
      return 0 - left;
    case ebpf::Alu::mov:
      return right;
    default:
      fail("is not known to the interpreter");
  }
}

void Interpreter::swap(const bpf_insn& insn) {
  const std::uint64_t value = get(insn.dst_reg);
  if (BPF_SRC(insn.code) != BPF_TO_BE) fail("is not known to the interpreter");
  switch (insn.imm) {
    case 16:
      return set(insn.dst_reg, __builtin_bswap16(static_cast<std::uint16_t>(value)));
    case 32:
      return set(insn.dst_reg, __builtin_bswap32(static_cast<std::uint32_t>(value)));
    default:
      return set(insn.dst_reg, __builtin_bswap64(value));
  }
}

bool Interpreter::holds(const bpf_insn& insn) const {
  std::uint64_t left = get(insn.dst_reg);
  std::uint64_t right = operand(insn);
  auto signed_left = static_cast<std::int64_t>(left);
  auto signed_right = static_cast<std::int64_t>(right);
  if (BPF_CLASS(insn.code) == BPF_JMP32) {
    left = static_cast<std::uint32_t>(left);
    right = static_cast<std::uint32_t>(right);
    signed_left = static_cast<std::int32_t>(left);
    signed_right = static_cast<std::int32_t>(right);
  }
  switch (static_cast<ebpf::Cond>(BPF_OP(insn.code))) {
    case ebpf::Cond::eq:
      return left == right;
    case ebpf::Cond::ne:
      return left != right;
    case ebpf::Cond::gt:
      return left > right;
    case ebpf::Cond::ge:
      return left >= right;
    case ebpf::Cond::lt:
      return left < right;
    case ebpf::Cond::le:
      return left <= right;
    case ebpf::Cond::set:
      return (left & right) != 0;
    case ebpf::Cond::sgt:
      return signed_left > signed_right;
    case ebpf::Cond::sge:
      return signed_left >= signed_right;
    case ebpf::Cond::slt:
      return signed_left < signed_right;
    case ebpf::Cond::sle:
      return signed_left <= signed_right;
    default:
      fail("is not known to the interpreter");
  }
}

void Interpreter::jump(const bpf_insn& insn) {
  if (BPF_OP(insn.code) == BPF_CALL) return call(insn.imm);
  if (BPF_OP(insn.code) != BPF_JA && !holds(insn)) return;
  at_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at_) + insn.off);
}

void Interpreter::call(std::int32_t helper) {
  calls_.push_back(helper);
  std::uint64_t result = 0;
  if (helper == BPF_FUNC_xdp_get_buff_len) {
    result = packet_.size();
  } else if (helper == BPF_FUNC_xdp_load_bytes) {
    result = xdp_load_bytes();
  } else if (helper == BPF_FUNC_probe_read_kernel) {
    result = probe_read_kernel();
  } else {
    result = call_world(helper);
  }
  for (unsigned reg = 1; reg <= 5; ++reg) written_[reg] = false;
  set(0, result);
}

std::uint64_t Interpreter::call_world(std::int32_t helper) {
  std::optional<World::Key> key;
  if (written_[2] && registers_[2] - kStackAddress < kStackSize) {
    key = static_cast<World::Key>(load(registers_[2], sizeof(World::Key)));
  }
  const std::uint64_t first = written_[1] ? registers_[1] : 0;
  const auto result = world_ == nullptr ? std::nullopt : world_->call(helper, first, key);
  if (!result) fail("calls a helper that the interpreter does not know");
  return *result;
}

// As the kernel does it: offset and length are 32 bits wide and no larger than 0xffff.
std::uint64_t Interpreter::xdp_load_bytes() {
  if (get(1) != kContextAddress) fail("calls without the context");
  const std::uint64_t offset = static_cast<std::uint32_t>(get(2));
  const std::uint64_t to = get(3);
  const std::uint64_t length = static_cast<std::uint32_t>(get(4));
  if (offset > 0xFFFF || length > 0xFFFF) return static_cast<std::uint64_t>(-14);
  if (offset + length > packet_.size()) return static_cast<std::uint64_t>(-22);
  for (std::uint64_t i = 0; i < length; ++i) *writable(to + i, 1) = packet_[offset + i];
  return 0;
}

// Stricter than the kernel's, which also reads what is not the packet's.
std::uint64_t Interpreter::probe_read_kernel() {
  const std::uint64_t to = get(1);
  const std::uint64_t length = static_cast<std::uint32_t>(get(2));
  const std::uint64_t from = get(3);
  if (world_ != nullptr && world_->is_unmapped(from)) return static_cast<std::uint64_t>(-14);
  for (std::uint64_t i = 0; i < length; ++i) {
    *writable(to + i, 1) = static_cast<std::uint8_t>(load(from + i, 1));
  }
  return 0;
}

// The stack bytes at `address`, to be written or, if they have been, to be read.
std::uint8_t* Interpreter::stack_at(std::uint64_t address, std::size_t size, bool write) {
  const std::uint64_t offset = address - kStackAddress;
  if (offset >= kStackSize || size > kStackSize - offset) fail("leaves the stack");
  if (offset % size != 0) fail("is not aligned");
  for (std::uint64_t i = offset; i < offset + size; ++i) {
    if (!write && !stack_written_[i]) fail("reads stack that nothing was put into");
    stack_written_[i] = true;
  }
  return &stack_[offset];
}

std::uint8_t* Interpreter::writable(std::uint64_t address, std::size_t size) {
  if (address < World::kAddress) return stack_at(address, size, true);
  std::uint8_t* memory = world_ == nullptr ? nullptr : world_->memory(address, size);
  if (memory == nullptr) fail("touches memory that is not its own");
  return memory;
}

std::uint64_t Interpreter::load(std::uint64_t address, std::size_t size) {
  if (address >= World::kAddress) return widen(writable(address, size), size);
  if (address >= kStackAddress) return widen(stack_at(address, size, false), size);
  if (address >= kContextAddress) return context(address - kContextAddress, size);
  const std::uint64_t offset = address - kPacketAddress;
  if (offset >= linear_ || size > linear_ - offset) fail("reads past the packet");
  return widen(packet_.data() + offset, size);
}

std::uint64_t Interpreter::context(std::uint64_t offset, std::size_t size) const {
  if (arguments_ && size == 8 && offset % 8 == 0) return arguments_->at(offset / 8);
  if (size != 4 || arguments_) fail("reads half of the context's fields");
  if (offset == offsetof(xdp_md, data)) return kPacketAddress;
  if (offset == offsetof(xdp_md, data_end)) return kPacketAddress + linear_;
  if (offset == offsetof(xdp_md, ingress_ifindex)) return ingress_;
  if (offset == offsetof(xdp_md, rx_queue_index)) return 0;
  fail("reads a field of the context that the interpreter does not know");
}

void Interpreter::store(const bpf_insn& insn, std::uint64_t value) {
  const std::uint64_t address = get(insn.dst_reg) + static_cast<std::uint64_t>(insn.off);
  const std::size_t size = size_of(insn);
  std::memcpy(writable(address, size), &value, size);
}

// An addition or an exchange.
void Interpreter::atomic(const bpf_insn& insn) {
  constexpr std::int32_t kExchange = 0xE0 | 1;
  const std::uint64_t address = get(insn.dst_reg) + static_cast<std::uint64_t>(insn.off);
  std::uint8_t* place = writable(address, size_of(insn));
  const std::uint64_t before = widen(place, size_of(insn));
  if (insn.imm != BPF_ADD && insn.imm != kExchange) fail("is not known to the interpreter");
  store(insn, insn.imm == BPF_ADD ? before + get(insn.src_reg) : get(insn.src_reg));
  if (insn.imm == kExchange) set(insn.src_reg, before);
}

std::uint32_t interpret(const ebpf::Program& program, std::span<const std::uint8_t> packet,
                        std::optional<std::size_t> linear, World* world) {
  const std::size_t in_front = std::min(linear.value_or(packet.size()), packet.size());
  return Interpreter(program, packet, in_front, world).run();
}

}  // namespace xdpcap::test
