// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/stream.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include "chaos/failure.hpp"

namespace xdpcap::chaos {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;
constexpr std::size_t kLeastBlock = 12;

template <class Number>
Number at(std::string_view bytes, std::size_t place) {
  Number number{};
  expect(place + sizeof(number) <= bytes.size(), "a block of the capture is too short");
  std::memcpy(&number, bytes.data() + place, sizeof(number));
  return number;
}

// The options that begin at `place` in a block, by code. `block` is without the trailing length.
std::map<unsigned, std::string_view> options_at(std::string_view block, std::size_t place) {
  std::map<unsigned, std::string_view> options;
  while (place + 4 <= block.size()) {
    const auto code = at<std::uint16_t>(block, place);
    const auto length = at<std::uint16_t>(block, place + 2);
    if (code == 0) break;
    options[code] = block.substr(place + 4, length);
    place += 4 + (length + 3U) / 4 * 4;
  }
  return options;
}

unsigned action_of(std::string_view interface) {
  constexpr std::array<std::string_view, 5> kNames = {"XDPaborted", "XDPdrop", "XDPpass", "XDPtx",
                                                      "XDPredirect"};
  for (unsigned action = 0; action < kNames.size(); ++action) {
    if (kNames.at(action) == interface) return action;
  }
  throw Failure("the capture has an interface " + std::string(interface));
}

class Reader {
 public:
  Stream read(std::string_view bytes) {
    while (!bytes.empty() && !stream_.cut) {
      const std::size_t length = bytes.size() < kLeastBlock ? 0 : at<std::uint32_t>(bytes, 4);
      stream_.cut = bytes.size() < kLeastBlock || bytes.size() < length;
      if (stream_.cut) break;
      expect(length >= kLeastBlock && at<std::uint32_t>(bytes, length - 4) == length,
             "the two lengths of a block of the capture differ");
      take(bytes.substr(0, length - 4));
      bytes.remove_prefix(length);
    }
    return std::move(stream_);
  }

 private:
  void take(std::string_view block) {
    const auto type = at<std::uint32_t>(block, 0);
    expect(begun_ == (type != kSectionHeader), "the capture does not begin with one header");
    begun_ = true;
    if (type == kInterface) actions_.push_back(action_of(options_at(block, 16)[2]));
    if (type == kPacket) take_packet(block);
    if (type == kStatistics) take_statistics(block);
  }

  [[nodiscard]] unsigned action_at(std::string_view block) const {
    const auto interface = at<std::uint32_t>(block, 8);
    expect(interface < actions_.size(), "a block of the capture is of an unknown interface");
    return actions_[interface];
  }

  void take_packet(std::string_view block) {
    expect(stream_.statistics.empty(), "the capture has a packet after its statistics");
    const auto captured = at<std::uint32_t>(block, 20);
    expect(28 + std::size_t{captured} <= block.size(), "a packet is longer than its block");
    const std::string_view bytes = block.substr(28, captured);
    stream_.packets.push_back(
        {.action = action_at(block),
         .time = std::uint64_t{at<std::uint32_t>(block, 12)} << 32U | at<std::uint32_t>(block, 16),
         .length = at<std::uint32_t>(block, 24),
         .bytes = {bytes.begin(), bytes.end()}});
  }

  void take_statistics(std::string_view block) {
    const unsigned action = action_at(block);
    expect(!stream_.statistics.contains(action), "the capture has two statistics of one interface");
    auto options = options_at(block, 20);
    const auto number = [&](unsigned code) {
      return options.contains(code) ? at<std::uint64_t>(options[code], 0) : 0;
    };
    stream_.statistics[action] = {
        .received = number(4), .matched = number(6), .written = number(8), .lost = number(5)};
  }

  Stream stream_;
  bool begun_ = false;
  std::vector<unsigned> actions_;
};

}  // namespace

Account& Account::operator+=(const Account& other) {
  received += other.received;
  matched += other.matched;
  written += other.written;
  lost += other.lost;
  return *this;
}

Stream read_stream(const std::string& bytes) {
  return Reader().read(bytes);
}

}  // namespace xdpcap::chaos
