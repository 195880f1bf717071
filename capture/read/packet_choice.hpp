// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "read/file_block.hpp"
#include "read/file_filter.hpp"
#include "session/options.hpp"

namespace xdpcap {

// PacketChoice decides which packets of a file are printed or written.
class PacketChoice {
 public:
  explicit PacketChoice(const Options& options);

  // Whether packets may be left out, so that statistics in the file are no longer true.
  [[nodiscard]] bool leaves_out() const { return leaves_out_; }
  // Whether this packet is taken; to be asked for all, in order. Throws UsageError if the filter
  // does not fit its link type.
  bool takes(const FilePacket& packet, const FileInterface& interface);
  // To be called for each interface of the file.
  void note(const FileInterface& interface);
  // Throws UsageError if -i names what is in no interface that was noted.
  void check_sources() const;

 private:
  [[nodiscard]] bool is_from_source(const FileInterface& interface) const;
  [[nodiscard]] bool is_in_time(std::uint64_t time);
  [[nodiscard]] bool has_fate(const FilePacket& packet) const;
  [[nodiscard]] bool has_reason(const FilePacket& packet) const;
  [[nodiscard]] bool has_action(const FilePacket& packet, const FileInterface& interface) const;

  const Options& options_;
  FileFilter filter_;
  bool leaves_out_;
  std::optional<std::uint64_t> since_;  // once there was a packet
  std::uint64_t until_ = 0;
  std::vector<bool> found_;         // which of the sources
  std::vector<std::string> names_;  // of interfaces
};

}  // namespace xdpcap
