// SPDX-License-Identifier: BSD-3-Clause
// How far the capture has got, in memory that a guardian shares: what it needs to go on exactly
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
  // What is true between two batches.
  struct State {
    std::uint64_t file = 0;        // the first file is 0
    std::uint64_t file_start = 0;  // ns since 1970
    std::uint64_t file_size = 0;   // bytes that are whole
    std::span<const std::uint64_t>
        written;  // packets in them and in all files before, by interface
    // Packets that were not to be written; empty: none.
    std::span<const std::uint64_t> left_out;
    std::span<const std::uint64_t> told;  // by the files before (output/ledger.hpp)
  };

  // Room for a ring for each of `cpus` CPUs and for `interfaces` interfaces of the file. Throws
  // Error.
  Checkpoint(std::uint32_t cpus, std::size_t interfaces);

  // Notes the state after all packets that the cursors have passed. To be called before that memory
  // is given back to the kernel. One store makes it valid: whoever is killed on the way leaves what
  // was noted before.
  void commit(const State& state, std::span<const RingCursor> cursors);
  // Notes the name of a file before it is made, and which file it is before there is a state with
  // it in it.
  void note_file(std::uint64_t number, const std::string& path);
  void note_id(std::uint64_t number, FileId id) { note(number)->id = id; }

  // Whether anything has been noted.
  [[nodiscard]] bool begun() const;
  // True for the first who asks: one of two guardians, when one takes over from the other.
  [[nodiscard]] bool claim();
  // The file is complete: nobody can claim any more.
  void finish() { static_cast<void>(claim()); }
  [[nodiscard]] State state() const;
  // Where the cursors were, in the same order.
  [[nodiscard]] std::span<const std::uint64_t> positions() const;

  struct File {
    std::string path;  // empty: not noted
    FileId id;
  };
  // The last two numbers are known.
  [[nodiscard]] File file(std::uint64_t number) const;

 private:
  // Behind the entries, for two files in turn.
  struct FileNote {
    std::uint64_t number;
    FileId id;
    std::array<char, PATH_MAX> path;
  };

  // The number of commits, whether somebody has claimed, and two entries, used in turn. An entry is
  // three numbers of the state, its three lists, and the position in each ring.
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
