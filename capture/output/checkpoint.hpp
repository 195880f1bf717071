// SPDX-License-Identifier: BSD-3-Clause
// The state of the capture in memory shared with the guardian, which needs it to resume exactly
// where a killed process stopped.
#pragma once

#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "output/output.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

class Checkpoint {
 public:
  // Where the packets are that a flight recording has in memory: from one position to the other
  // those that are being written to a file, and from the third one on those that are kept.
  struct KeptPackets {
    std::uint64_t taken_from = 0;
    std::uint64_t taken_to = 0;
    std::uint64_t kept_from = 0;
  };
  // The state between two batches.
  struct State {
    std::uint64_t file = 0;         // the first file is 0
    std::uint64_t file_start = 0;   // ns since 1970
    std::uint64_t file_size = 0;    // bytes, of whole blocks
    KeptPackets kept = {};          // of a flight recording
    bool previous_is_open = false;  // the file before is still being written
    std::span<const std::uint64_t>
        written;  // packets in them and in all earlier files, by interface
    // Packets not selected; empty: none.
    std::span<const std::uint64_t> left_out;
    std::span<const std::uint64_t> reported;  // by earlier files (output/ledger.hpp)
  };

  // Room for a ring for each of `cpus` CPUs and for `interfaces` interfaces of the file. Throws
  // Error.
  Checkpoint(std::uint32_t cpus, std::size_t interfaces);

  // Stores the state after all packets before the cursors. To be called before their memory is
  // returned to the kernel. A single store makes it valid: a process that is killed before that
  // leaves the previous state.
  void commit(const State& state, std::span<const RingCursor> cursors);
  // Stores the path of a file before it is created, and its id before the first state that refers
  // to it.
  void note_file(std::uint64_t number, const std::string& path);
  void note_id(std::uint64_t number, FileId id) { note(number)->id = id; }

  // Whether a state has been stored.
  [[nodiscard]] bool begun() const;
  // True for the first caller only: two guardians may be running when one replaces the other.
  [[nodiscard]] bool claim();
  // The file is complete: from now on claim() is false.
  void finish() { static_cast<void>(claim()); }
  [[nodiscard]] State state() const;
  // The positions of the cursors, in the same order.
  [[nodiscard]] std::span<const std::uint64_t> positions() const;

  struct File {
    std::string path;  // empty: not stored
    FileId id;
  };
  // Only the last two numbers are known.
  [[nodiscard]] File file(std::uint64_t number) const;

 private:
  // After the entries, for two files alternately.
  struct FileNote {
    std::uint64_t number;
    FileId id;
    std::array<char, PATH_MAX> path;
  };

  // The memory: the number of commits, the number of claims, and two entries, used alternately. An
  // entry is the state's seven numbers, its three lists, and the position in each ring.
  [[nodiscard]] std::uint64_t* commits() const;
  [[nodiscard]] std::uint64_t* claims() const { return commits() + 1; }
  [[nodiscard]] std::uint64_t* entry(std::uint64_t commit) const;
  [[nodiscard]] std::uint64_t* valid() const;
  [[nodiscard]] FileNote* note(std::uint64_t number) const;
  [[nodiscard]] std::size_t words_of_entry() const;
  [[nodiscard]] std::size_t bytes() const;

  std::uint32_t cpus_;
  std::size_t interfaces_;
  UniqueFd memfd_;
  Mapping memory_;
};

}  // namespace xdpcap
