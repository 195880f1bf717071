// SPDX-License-Identifier: BSD-3-Clause
// Emits what a recorder does with its ring (record.h): find it, make room, publish, wake the
// reader.
#pragma once

#include <cstdint>

#include "filter/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

class RingEmitter {
 public:
  // `lost` is where a packet goes that has no ring; `failed`, where one goes that cannot be
  // recorded though the ring has been marked.
  RingEmitter(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label lost, ebpf::Label failed)
      : code_(code), spec_(spec), lost_(lost), failed_(failed) {}

  // Finds this CPU's ring, marks it as busy, and makes sure that it has room for R7 bytes of a
  // packet.
  void emit_reservation();
  // Shows the reader the block, whose length is in kBlockLengthSlot, and takes the mark off.
  void emit_publication();
  // Behind emit_publication(): wakes the reader if it wants that, or jumps to `done`.
  void emit_wake_up(ebpf::Label done);
  // Takes the mark off without a block.
  void emit_cancellation();

 private:
  void emit_lookup();
  void emit_mark(ebpf::Reg ring, std::int32_t change);
  [[nodiscard]] std::int32_t mask() const {
    return static_cast<std::int32_t>(spec_.ring_bytes - 1);
  }

  ebpf::Assembler& code_;
  const RecorderSpec& spec_;
  ebpf::Label lost_;
  ebpf::Label failed_;
};

}  // namespace xdpcap::recorder
