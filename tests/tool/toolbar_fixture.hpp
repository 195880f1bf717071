// SPDX-License-Identifier: BSD-3-Clause
// A capture whose filter and actions are changed as Wireshark's toolbar does it, through two FIFOs.
// What is said in them is written here by hand, after Wireshark's documentation.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "support/capture_reader.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {

inline constexpr char kSet = 1;
inline constexpr char kDisable = 5;
inline constexpr char kStatus = 6;
inline constexpr char kFilter = 0;
inline constexpr char kDrop = 2;
inline constexpr const char* kFirst = "len = 60 or len = 61";
inline constexpr const char* kSecond = "len = 60 or len = 62";

struct Said {
  char control;
  char command;
  std::string value;
};

inline std::string message(char control, char command, const std::string& value) {
  const std::size_t length = value.size() + 2;
  return std::string("T") + static_cast<char>(length >> 16U) + static_cast<char>(length >> 8U) +
         static_cast<char>(length) + control + command + value;
}

inline Packet numbered(std::uint32_t number, std::uint32_t action, std::size_t size) {
  Packet packet = packet_for(action, size);
  std::memcpy(&packet[20], &number, sizeof(number));
  return packet;
}

inline std::uint32_t number_of(const Packet& packet) {
  std::uint32_t number = 0;
  std::memcpy(&number, &packet.at(20), sizeof(number));
  return number;
}

class ToolbarTest : public GuardianTest {
 protected:
  ToolbarTest() : in_(make_fifo("in")), out_(make_fifo("out")) {}

  [[nodiscard]] std::vector<std::string> capture(const std::string& filter,
                                                 std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"--capture",
                                      "--extcap-interface",
                                      "xdpcap:" + hook_path_,
                                      "--fifo",
                                      file_,
                                      "--extcap-control-in",
                                      files_.path("in"),
                                      "--extcap-control-out",
                                      files_.path("out"),
                                      "--extcap-capture-filter",
                                      filter};
    words.insert(words.end(), more.begin(), more.end());
    return tool(words);
  }

  void tell(const std::string& bytes) const {
    ASSERT_EQ(::write(in_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void initialize() const { tell(message('\xff', 0, "")); }

  // What it has said since the last call.
  std::vector<Said> heard() {
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(out_.get(), buffer.data(), buffer.size())) > 0;) {
      bytes_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    std::vector<Said> all;
    while (bytes_.size() >= 6) {
      EXPECT_EQ(bytes_[0], 'T');
      const std::size_t length = std::size_t{static_cast<unsigned char>(bytes_[2])} * 256 +
                                 static_cast<unsigned char>(bytes_[3]);
      if (bytes_.size() < 4 + length) break;
      all.push_back({bytes_[4], bytes_[5], bytes_.substr(6, length - 2)});
      bytes_.erase(0, 4 + length);
    }
    return all;
  }

  // Waits for the next text in the status bar.
  std::string status() {
    std::string text;
    EXPECT_TRUE(eventually([&] {
      for (const Said& one : heard()) {
        if (one.command == kStatus) text = one.value;
      }
      return !text.empty();
    }));
    return text;
  }

  std::string set(char control, const std::string& value) {
    tell(message(control, kSet, value));
    return status();
  }

  void send_one_of_each(std::size_t size) {
    for (std::uint32_t action = 0; action < 5; ++action) {
      program_.run(numbered(sent_++, action, size));
    }
  }

  // Returns what it printed.
  std::string stop(Process& capture) {
    capture.signal(SIGTERM);
    const ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    expect_clean();
    const PcapngFile file = read_pcapng(file_);
    expect_exact_accounts(file);
    EXPECT_EQ(file.total().received, sent_);
    EXPECT_EQ(file.total().dropped, 0U);
    return result.err;
  }

  // How often each packet is in the file.
  [[nodiscard]] std::map<std::uint32_t, int> written() const {
    std::map<std::uint32_t, int> times;
    for (const Packet& packet : read_bytes(file_)) ++times[number_of(packet)];
    return times;
  }
  [[nodiscard]] std::vector<std::string> comments() const {
    std::vector<std::string> all;
    for (const ReadPacket& packet : read_with_tshark(file_)) all.push_back(packet.comment);
    return all;
  }

  std::uint32_t sent_ = 0;

 private:
  UniqueFd make_fifo(const std::string& name) const {
    EXPECT_EQ(::mkfifo(files_.path(name).c_str(), 0600), 0);
    return UniqueFd(::open(files_.path(name).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }

  UniqueFd in_;
  UniqueFd out_;
  std::string bytes_;
};

}  // namespace xdpcap::test
