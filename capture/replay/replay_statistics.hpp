// SPDX-License-Identifier: BSD-3-Clause
// What became of the packets of a replay: read = accepted + refused, matched = written + lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "output/pcapng.hpp"
#include "replay/capture_reader.hpp"

namespace xdpcap {

// The interfaces of a replay's file, by number: the five actions, other return values, and packets
// before the program (--both).
inline constexpr std::uint32_t kKnownActions = 5;
inline constexpr std::uint32_t kOtherActions = 5;
inline constexpr std::uint32_t kBefore = 6;

// "XDPdrop" and so on, "XDPother", "XDPbefore".
std::string replay_interface_name(std::uint32_t interface);

class ReplayStatistics {
 public:
  void count_read(const SourcePacket& packet);
  // Counts a packet of this many bytes that the kernel did not accept.
  void count_refused(std::size_t size);
  // Returns the interface for the action.
  std::uint32_t count_action(XdpAction action);
  void count_matched(std::uint32_t interface) { ++matched_.at(interface); }

  // The number of packets read so far, which is also the last one's number in the input.
  [[nodiscard]] std::uint64_t read() const { return read_; }

  // The lines at the end. `written` is by interface.
  [[nodiscard]] std::string summary(std::span<const std::uint64_t> written) const;
  // Lines about packets that were refused, truncated or lost; empty if there are none.
  [[nodiscard]] std::string shortcomings(std::span<const std::uint64_t> written) const;
  // An Interface Statistics Block for each interface of actions.
  [[nodiscard]] std::vector<pcapng::Bytes> blocks(std::span<const std::uint64_t> written) const;

 private:
  [[nodiscard]] std::uint64_t lost(std::span<const std::uint64_t> written) const;

  std::uint64_t read_ = 0;
  std::uint64_t too_short_ = 0;
  std::uint64_t too_long_ = 0;
  std::uint64_t truncated_ = 0;
  std::uint64_t first_time_ = 0;
  std::uint64_t last_time_ = 0;
  std::array<std::uint64_t, kBefore> received_{};
  std::array<std::uint64_t, kBefore> matched_{};
};

}  // namespace xdpcap
