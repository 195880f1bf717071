// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of the executable: a hook, and a program that exits through it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "source/hook.hpp"
#include "support/hooked_program.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {

// A packet that makes the program return `action`, and contains its own size.
inline Packet packet_for(std::uint32_t action, std::size_t size = 60) {
  Packet packet = numbered_packet(size, static_cast<std::uint8_t>(size));
  packet[0] = static_cast<std::uint8_t>(action);
  return packet;
}

// A pinned hook and a program of a flavour that leaves through it.
class ToolTest : public ::testing::Test {
 protected:
  explicit ToolTest(Flavour flavour = kFlavours.front(), std::uint32_t slots = 5)
      : slots_(slots), map_(create_hook(slots)), program_(map_.get(), flavour) {
    folder_.pin(map_.get(), "hook");
  }

  [[nodiscard]] bool hook_is_empty() const { return filled_slots(hook_path_) == 0; }
  // A capture fills one slot after the other.
  [[nodiscard]] bool hook_is_filled() const { return filled_slots(hook_path_) == slots_; }

  // Names in the folder of files, sorted.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(files_.path(""))) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::uint32_t slots_;
  PinFolder folder_;
  TemporaryFolder files_;
  UniqueFd map_;
  HookedProgram program_;
  std::string hook_path_ = folder_.path("hook");
  std::string file_ = files_.path("out.pcap");
};

}  // namespace xdpcap::test
