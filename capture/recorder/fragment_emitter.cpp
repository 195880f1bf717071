// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/fragment_emitter.hpp"

#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

namespace {

// While fragments are copied. kCaptured is how many bytes have been, those of the linear part
// included, which are copied last.
constexpr Reg kFragment = Reg::r8;  // number of the current one

class FragmentEmitter {
 public:
  FragmentEmitter(Assembler& code, const RecorderSpec& spec, Label failed)
      : code_(code), layout_(*spec.traced->layout.fragments), spec_(spec), failed_(failed) {}

  void emit() {
    const Label none = code_.label();
    code_.alu64(Alu::mov, kLinear, kCaptured);
    code_.load(Size::word, Reg::r2, kContext, layout_.flags);
    code_.alu64(Alu::bit_and, Reg::r2, layout_.has_fragments);
    code_.jump_if(Cond::eq, Reg::r2, 0, none);
    emit_linear_length();
    emit_shared_info();
    emit_loop();
    code_.bind(done_);
    code_.load(Size::word, kLinear, Reg::r10, kLinearSlot);
    emit_bound(kLinear);
    code_.load(Size::dword, kBlock, Reg::r10, kBlockSlot);
    code_.bind(none);
  }

 private:
  void emit_linear_length();
  void emit_shared_info();
  void emit_loop();
  void emit_fragment();
  void emit_address();
  void emit_read(Reg from, std::int16_t to, std::int32_t bytes);
  void emit_room(Reg into);
  // From a copy on the stack.
  void load_member(Size size, Reg into, std::int16_t copy, std::int16_t member) {
    code_.load(size, into, Reg::r10, static_cast<std::int16_t>(copy + member));
  }
  void emit_bound(Reg length) { code_.jump_if(Cond::gt, length, XDPCAP_MOST_CAPTURED, failed_); }

  Assembler& code_;
  const FragmentLayout& layout_;
  const RecorderSpec& spec_;
  Label failed_;
  Label done_ = code_.label();
};

// Reads bytes from the address in `from` to the stack.
void FragmentEmitter::emit_read(Reg from, std::int16_t to, std::int32_t bytes) {
  code_.alu64(Alu::mov, Reg::r3, from);
  code_.alu64(Alu::mov, Reg::r1, Reg::r10);
  code_.alu64(Alu::add, Reg::r1, to);
  code_.alu64(Alu::mov, Reg::r2, bytes);
  code_.call(BPF_FUNC_probe_read_kernel);
  code_.jump_if(Cond::ne, Reg::r0, 0, done_);
}

// Bytes that are still to be captured.
void FragmentEmitter::emit_room(Reg into) {
  code_.load(Size::dword, into, Reg::r10, kLimitSlot);
  code_.alu64(Alu::sub, into, kCaptured);
}

void FragmentEmitter::emit_linear_length() {
  const Label shorter = code_.label();
  const auto limit =
      static_cast<std::int32_t>(std::min(spec_.snaplen, std::uint32_t{XDPCAP_MOST_CAPTURED}));
  code_.note("fragments");
  code_.store(Size::dword, Reg::r10, kLimitSlot, kCaptured);
  code_.load(Size::dword, kCaptured, Reg::r10, kEndSlot);
  code_.load(Size::dword, Reg::r2, Reg::r10, kStartSlot);
  code_.alu64(Alu::sub, kCaptured, Reg::r2);
  code_.jump_if(Cond::le, kCaptured, limit, shorter);
  code_.alu64(Alu::mov, kCaptured, limit);
  code_.bind(shorter);
  code_.store(Size::word, Reg::r10, kLinearSlot, kCaptured);
}

// If what is there does not say how long the fragments are together, it is something else, and none
// of it is used.
void FragmentEmitter::emit_shared_info() {
  code_.load(Size::dword, Reg::r1, kContext, layout_.data_hard_start);
  code_.load(Size::word, Reg::r2, kContext, layout_.frame_size);
  code_.alu64(Alu::add, Reg::r1, Reg::r2);
  code_.alu64(Alu::sub, Reg::r1, layout_.shared_bytes);
  code_.alu64(Alu::mov, Reg::r2, Reg::r1);
  code_.alu64(Alu::add, Reg::r2, layout_.fragments);
  code_.store(Size::dword, Reg::r10, kFragmentSlot, Reg::r2);
  emit_read(Reg::r1, kSharedCopy, layout_.fragments);

  code_.load(Size::word, Reg::r1, Reg::r10, kLengthSlot);
  code_.load(Size::dword, Reg::r2, Reg::r10, kEndSlot);
  code_.load(Size::dword, Reg::r3, Reg::r10, kStartSlot);
  code_.alu64(Alu::sub, Reg::r2, Reg::r3);
  code_.alu64(Alu::sub, Reg::r1, Reg::r2);
  load_member(Size::word, Reg::r2, kSharedCopy, layout_.size);
  code_.jump_if(Cond::ne, Reg::r1, Reg::r2, done_);
  load_member(Size::byte, Reg::r1, kSharedCopy, layout_.count);
  code_.store(Size::word, Reg::r10, kFragmentsSlot, Reg::r1);
}

void FragmentEmitter::emit_loop() {
  const Label next = code_.label();
  code_.alu64(Alu::mov, kFragment, 0);
  code_.bind(next);
  // Never true; it bounds the loop for the verifier.
  code_.jump_if(Cond::eq, kFragment, layout_.most_fragments, done_);
  code_.load(Size::word, Reg::r1, Reg::r10, kFragmentsSlot);
  code_.jump_if(Cond::eq, kFragment, Reg::r1, done_);
  emit_room(Reg::r1);
  code_.jump_if(Cond::eq, Reg::r1, 0, done_);
  emit_fragment();
  code_.alu64(Alu::add, kFragment, 1);
  code_.jump(next);
}

// Copies the current fragment, or as much of it as is to be captured.
void FragmentEmitter::emit_fragment() {
  const Label whole = code_.label();
  code_.load(Size::dword, Reg::r1, Reg::r10, kFragmentSlot);
  emit_read(Reg::r1, kFragmentCopy, layout_.fragment_bytes);
  code_.load(Size::dword, Reg::r1, Reg::r10, kFragmentSlot);
  code_.alu64(Alu::add, Reg::r1, layout_.fragment_bytes);
  code_.store(Size::dword, Reg::r10, kFragmentSlot, Reg::r1);
  emit_address();
  load_member(Size::word, Reg::r2, kFragmentCopy, layout_.length);
  emit_room(Reg::r1);
  code_.jump_if(Cond::le, Reg::r2, Reg::r1, whole);
  code_.alu64(Alu::mov, Reg::r2, Reg::r1);
  code_.bind(whole);
  emit_bound(Reg::r2);
  code_.store(Size::word, Reg::r10, kPieceSlot, Reg::r2);
  code_.load(Size::dword, Reg::r1, Reg::r10, kBlockSlot);
  code_.alu64(Alu::add, Reg::r1, kPacket);
  code_.alu64(Alu::add, Reg::r1, kCaptured);
  code_.call(BPF_FUNC_probe_read_kernel);
  code_.jump_if(Cond::ne, Reg::r0, 0, done_);
  code_.load(Size::word, Reg::r1, Reg::r10, kPieceSlot);
  code_.alu64(Alu::add, kCaptured, Reg::r1);
  emit_bound(kCaptured);
}

// R3 = where the current fragment's bytes are. Bit 0 marks memory that has no struct page, of a
// device (net_iov in include/net/netmem.h).
void FragmentEmitter::emit_address() {
  const PageAddresses& addresses = layout_.addresses;
  const auto bytes = static_cast<std::int32_t>(addresses.struct_bytes);
  load_member(Size::dword, Reg::r3, kFragmentCopy, layout_.page);
  code_.jump_if(Cond::set, Reg::r3, 1, done_);
  code_.load_imm64(Reg::r1, addresses.structs);
  code_.alu64(Alu::sub, Reg::r3, Reg::r1);
  if (std::has_single_bit(addresses.struct_bytes)) {
    code_.alu64(Alu::rsh, Reg::r3, std::countr_zero(addresses.struct_bytes));
  } else {
    code_.alu64(Alu::div, Reg::r3, bytes);
  }
  code_.alu64(Alu::lsh, Reg::r3, static_cast<std::int32_t>(addresses.page_shift));
  code_.load_imm64(Reg::r1, addresses.memory);
  code_.alu64(Alu::add, Reg::r3, Reg::r1);
  load_member(Size::word, Reg::r1, kFragmentCopy, layout_.offset);
  code_.alu64(Alu::add, Reg::r3, Reg::r1);
}

}  // namespace

void emit_fragments(Assembler& code, const RecorderSpec& spec, Label failed) {
  FragmentEmitter(code, spec, failed).emit();
}

}  // namespace xdpcap::recorder
