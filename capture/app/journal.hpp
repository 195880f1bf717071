// SPDX-License-Identifier: BSD-3-Clause
// How far the capture has got, in memory that a guardian shares: what it needs to go on exactly
// where a killed process stopped.
#pragma once

#include <cstdint>
#include <span>

#include "base/unique_fd.hpp"
#include "kernel/mapping.hpp"
#include "kernel/rings.hpp"

namespace xdpcap {

class Journal {
 public:
  // Room for a ring for each of `cpus` CPUs and for `interfaces` interfaces of the file. Throws
  // Error.
  Journal(std::uint32_t cpus, std::size_t interfaces);

  // Notes that the first `file_size` bytes of the output hold `written` packets: all that the
  // cursors have passed. To be called before that memory is given back to the kernel. One store
  // makes it valid: whoever is killed on the way leaves what was noted before.
  void commit(std::uint64_t file_size, std::span<const std::uint64_t> written,
              std::span<const RingCursor> cursors);

  // Whether anything has been noted.
  [[nodiscard]] bool begun() const;
  // True for the first who asks: one of two guardians, when one takes over from the other.
  [[nodiscard]] bool claim();
  [[nodiscard]] std::uint64_t file_size() const { return valid()[0]; }
  [[nodiscard]] std::span<const std::uint64_t> written() const;
  // Where the cursors were, in the same order.
  [[nodiscard]] std::span<const std::uint64_t> positions() const;

 private:
  // The number of commits, whether somebody has claimed, and two entries, used in turn. An entry is
  // the file's size, the packets of each interface, and the position in each ring.
  [[nodiscard]] std::uint64_t* commits() const;
  [[nodiscard]] std::uint64_t* claims() const { return commits() + 1; }
  [[nodiscard]] std::uint64_t* entry(std::uint64_t commit) const;
  [[nodiscard]] std::uint64_t* valid() const;

  std::uint32_t cpus_;
  std::size_t interfaces_;
  UniqueFd file_;
  Mapping memory_;
};

}  // namespace xdpcap
