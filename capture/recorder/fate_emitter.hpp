// SPDX-License-Identifier: BSD-3-Clause
// Emits what a recorder does so that a packet's fate finds it (record.h: struct xdpcap_fate and
// struct xdpcap_last). Only recorders that note fates have any of this.
#pragma once

#include <cstddef>
#include <cstdint>

#include "filter/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

class FateEmitter {
 public:
  FateEmitter(ebpf::Assembler& code, const RecorderSpec& spec) : code_(code), spec_(spec) {}

  // For every packet, whether it will match or not: it is now the last of this CPU. R0 is where
  // this CPU's line stands in the map, and is kept.
  void emit_entry();
  // Lays an open fate into the block: R2 = block + what stands in front of it, R0 = length of the
  // block; both are moved on.
  void emit_slot();
  // Tells where the fate of the finished block is to go. In front of the publication: what is
  // published can be decided on.
  void emit_last();

 private:
  [[nodiscard]] bool action_says_all() const;
  void store(std::size_t offset, ebpf::Reg src);
  void store(std::size_t offset, std::uint32_t value);

  ebpf::Assembler& code_;
  const RecorderSpec& spec_;
};

}  // namespace xdpcap::recorder
