// SPDX-License-Identifier: BSD-3-Clause
// Emits the block that a recorder lays into its ring (struct xdpcap_block and what follows it).
#pragma once

#include <cstddef>
#include <cstdint>

#include "filter/assembler.hpp"
#include "recorder/fate_emitter.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

class BlockEmitter {
 public:
  // `failed` is where a packet goes that the kernel does not let be copied.
  BlockEmitter(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed)
      : code_(code), spec_(spec), failed_(failed) {}

  // Fills in the block at kBlockSlot: R7 bytes of a packet that has R8. Leaves its length in
  // kBlockLengthSlot.
  void emit() {
    emit_header();
    emit_drop_count();
    if (spec_.note_ingress) emit_ingress();
    if (notes_fate(spec_)) FateEmitter(code_, spec_).emit_slot();
    emit_tail();
    emit_copy();
  }

 private:
  void emit_header();
  void emit_drop_count();
  void emit_ingress();
  void emit_ingress_number();
  void emit_tail();
  void emit_copy();
  void emit_direct_copy(ebpf::Label helper, ebpf::Label copied);
  void emit_piece(ebpf::Size size, int bytes, ebpf::Label out_of_bounds);
  void emit_helper_copy();

  void store_field(std::size_t offset, ebpf::Reg src);
  void store_field(std::size_t offset, std::uint32_t value);
  void store_tail(std::size_t offset, ebpf::Reg src);
  void store_tail(std::size_t offset, std::uint32_t value);
  void store_option(std::size_t offset, std::uint16_t code, std::uint16_t length);

  ebpf::Assembler& code_;
  const RecorderSpec& spec_;
  ebpf::Label failed_;
};

}  // namespace xdpcap::recorder
