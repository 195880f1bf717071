// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "filter/ebpf_interpreter.hpp"
#include "recorder/recorder_world.hpp"

namespace xdpcap::test {

// TracingWorld also has the scratch memory, and the kernel's structs.
class TracingWorld final : public RecorderWorld {
 public:
  static constexpr int kScratchFd = 7;
  static constexpr std::uint64_t kBuff = 6 * kAddress;
  static constexpr std::uint64_t kOtherBuff = kBuff + 48;

  static constexpr std::size_t kRingBytes = 4096;
  static constexpr std::size_t kLength = 60;  // of packets

  TracingWorld() : RecorderWorld(kRingBytes) {}

  [[nodiscard]] static RecorderSpec spec() {
    RecorderSpec spec = RecorderWorld::spec(kRingBytes);
    const XdpBuffLayout layout = {
        .data = 0, .data_end = 8, .rxq = 16, .dev = 24, .queue_index = 32, .ifindex = 40};
    spec.traced = Traced{layout, TracePoint::exit, kScratchFd};
    return spec;
  }
  std::uint8_t* memory(std::uint64_t address, std::size_t size) override {
    if (auto* at = part(scratch_.data(), sizeof(scratch_), kScratch, address, size)) return at;
    if (auto* at = part(kernel_.data(), sizeof(kernel_), kBuff, address, size)) return at;
    return RecorderWorld::memory(address, size);
  }
  std::uint64_t map_value(int fd) override {
    return fd == kScratchFd ? kScratch : RecorderWorld::map_value(fd);
  }

 private:
  static constexpr std::uint64_t kScratch = 5 * kAddress;

  std::array<xdpcap_scratch, kCpus> scratch_{};
  // Two structs, each of which is all three.
  std::array<std::uint64_t, 12> kernel_ = {Interpreter::kPacketAddress,
                                           Interpreter::kPacketAddress + kLength,
                                           kBuff,
                                           kBuff,
                                           0,
                                           1,
                                           Interpreter::kPacketAddress,
                                           Interpreter::kPacketAddress + kLength,
                                           kOtherBuff,
                                           kOtherBuff,
                                           0,
                                           1};
};

}  // namespace xdpcap::test
