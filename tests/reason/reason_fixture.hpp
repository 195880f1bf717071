// SPDX-License-Identifier: BSD-3-Clause
// Programs with and without reasons that share a pinned hook, and packets that say which reason
// they get.
#pragma once

#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "reason/lab.h"
#include "support/bpf_object.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "support/packet.hpp"
#include "support/pcapng_file.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_run.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {

inline constexpr std::array kActions = {XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT};

enum class Of : std::uint8_t { told, wrapped, silent, others };

class ReasonTest : public ::testing::Test {
 protected:
  ReasonTest() : told_(object("told")), silent_(object("silent")), others_(object("told_others")) {
    told_.load();
    for (BpfObject* one : {&silent_, &others_}) {
      if (bpf_map__reuse_fd(one->find_map("hook"), told_.map("hook")) != 0) {
        throw system_error("sharing the hook", errno);
      }
      one->load();
    }
    pins_.pin(told_.map("hook"), "hook");
  }

  static Packet packet(Of program, int way, std::uint32_t action, std::uint32_t number = 0) {
    Packet packet(60);
    packet[0] = static_cast<std::uint8_t>(action);
    packet[1] = static_cast<std::uint8_t>(way);
    std::memcpy(&packet[2], &number, sizeof(number));
    packet[6] = static_cast<std::uint8_t>(program);
    return packet;
  }

  void send(const Packet& packet) const {
    EXPECT_EQ(test_run(program_of(packet), packet).action, packet[0]);
  }
  void send(Of program, int way, std::uint32_t action, std::uint32_t number = 0) const {
    send(packet(program, way, action, number));
  }

  // The comment that such a packet must have, without the place in the source.
  static std::string comment_of(const Packet& packet) {
    std::uint32_t number = 0;
    std::memcpy(&number, &packet[2], sizeof(number));
    const std::string rule = " rule=" + std::to_string(number);
    const bool is_wrapped = packet[6] == static_cast<std::uint8_t>(Of::wrapped);
    if (packet[6] == static_cast<std::uint8_t>(Of::silent)) return "";
    const bool is_others = packet[6] == static_cast<std::uint8_t>(Of::others);
    switch (packet[1]) {
      case FIRST_REASON:
        if (is_others) return R"(reason="first of the others")";
        return is_wrapped ? R"(reason="set")" : R"(reason="first")";
      case SECOND_REASON:
        return is_wrapped ? "" : R"(reason="the \"second\" \\ one")";
      case RULE:
        return (is_wrapped ? R"(reason="set rule")" : R"(reason="rule")") + rule;
      default:
        return "";
    }
  }
  static std::string without_place(const std::string& comment) {
    return std::regex_replace(comment, std::regex(R"( at=told\.bpf\.c:\d+)"), "");
  }
  // Where the text stands in the source.
  static std::string place_of(const std::string& text) {
    std::ifstream source(SOURCE_FOLDER "/tests/reason/told.bpf.c");
    int number = 1;
    for (std::string line; std::getline(source, line); ++number) {
      if (line.find(text == "first" ? ", FIRST_TEXT)" : '"' + text + '"') != std::string::npos) {
        return "told.bpf.c:" + std::to_string(number);
      }
    }
    return "nowhere";
  }

  // Each packet in the file has the comment that it must have. Returns how many there are.
  static std::size_t expect_right_comments(const std::string& file) {
    const std::vector<ReadPacket> packets = read_with_tshark(file);
    const std::vector<Packet> bytes = read_bytes(file);
    EXPECT_EQ(packets.size(), bytes.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      EXPECT_EQ(without_place(packets[i].comment), comment_of(bytes[i])) << "packet " << i;
    }
    return packets.size();
  }

  [[nodiscard]] std::vector<std::string> files_in_folder() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(files_.path(""))) {
      all.push_back(entry.path());
    }
    return all;
  }
  [[nodiscard]] std::vector<std::string> capture(std::vector<std::string> options = {}) const {
    options.insert(options.end(), {hook_path_, file_});
    return tool(options);
  }
  ProcessResult end(Process& capture) const {
    capture.signal(SIGINT);
    ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(filled_slots(hook_path_), 0U);
    EXPECT_EQ(read_pcapng(file_).total().dropped, 0U);
    return result;
  }

  [[nodiscard]] static BpfObject object(const std::string& name) {
    return BpfObject(std::string(BPF_OBJECTS) + "/" + name + ".o");
  }
  [[nodiscard]] int program_of(const Packet& packet) const {
    switch (static_cast<Of>(packet[6])) {
      case Of::told:
        return told_.program("told");
      case Of::wrapped:
        return told_.program("wrapped");
      case Of::others:
        return others_.program("told");
      default:
        return silent_.program("silent");
    }
  }

  BpfObject told_;
  BpfObject silent_;
  BpfObject others_;  // the same programs again, with maps of their own
  PinFolder pins_;
  TemporaryFolder files_;
  std::string hook_path_ = pins_.path("hook");
  std::string file_ = files_.path("out.pcapng");
};

}  // namespace xdpcap::test
