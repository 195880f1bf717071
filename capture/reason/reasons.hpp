// SPDX-License-Identifier: BSD-3-Clause
// The reasons of a capture's packets: those that the programs of its sources can give, what
// recorders need to read them, their comments in the file, and their counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "output/statistics.hpp"
#include "reason/program_reasons.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {

// How many packets of an interface of the file had a reason.
struct ReasonCount {
  CaptureInterface interface;
  const ReasonEntry* reason;  // null: none
  std::uint64_t packets;
  std::uint32_t row = 0;  // of the reason among those of the capture
};

class Reasons {
 public:
  // `found`: the reasons of the programs of each source. `wanted`: texts or places (--reason), of
  // which a packet must have one; none: all packets. Throws Error, UsageError if a wanted one does
  // not exist.
  Reasons(std::vector<std::vector<ProgramReasons>> found, std::vector<CaptureInterface> interfaces,
          std::uint32_t cpus, const std::vector<std::string>& wanted);

  // What the recorders of a source need; nothing if its programs have no reasons.
  [[nodiscard]] ReasonSpec spec(std::size_t source) const;
  // To be called before recorders are installed. Throws Error.
  void remove_old() const;
  // The source has other programs, from now on, and its next recorders read these reasons. This is
  // so only for those that are the same, with the same places, as a former program's, which was
  // loaded again: nobody else knows the rows of others. Returns whether all are. Throws Error.
  bool replace(std::size_t source, std::vector<ProgramReasons> found);
  // Whether the recorders that are made by spec() read all of these.
  [[nodiscard]] bool are_read(std::size_t source, const std::vector<ProgramReasons>& found) const;
  // The descriptors that another process needs.
  [[nodiscard]] std::vector<int> descriptors() const;

  // Whether the blocks of this interface have a struct xdpcap_reason.
  [[nodiscard]] bool are_in(std::uint32_t interface_id) const {
    return interface_id < interfaces_.size() && !words_[interfaces_[interface_id].source].empty();
  }
  // The comment that replaces one, a pcapng option; empty for none. Stays valid until
  // clear_if_large().
  [[nodiscard]] std::span<const std::byte> comment(const xdpcap_reason& reason);
  // To be called between writes: limits the memory of the comments.
  void clear_if_large();

  // All packets that reached recorders, of `statistics`, whose programs have reasons.
  [[nodiscard]] std::vector<ReasonCount> counts(
      const std::vector<InterfaceStatistics>& statistics) const;

 private:
  void add(std::size_t source, const ProgramReasons& reasons);
  [[nodiscard]] const ReasonWords* former_words(const ProgramReasons& reasons) const;
  void choose(const std::vector<std::string>& wanted);
  void choose(const std::string& wanted);
  [[nodiscard]] std::uint64_t count(std::uint32_t interface_id, std::uint32_t row) const;

  std::vector<std::vector<ProgramReasons>> found_;  // by source
  std::vector<CaptureInterface> interfaces_;
  std::uint32_t cpus_;
  std::vector<std::vector<ReasonWords>> words_;  // by source
  std::vector<const ReasonEntry*> rows_ = {nullptr};
  std::unordered_map<std::uint32_t, std::uint32_t> before_;  // by id of the map of the words
  std::vector<Range> chosen_;
  UniqueFd map_;
  Mapping memory_;
  std::unordered_map<std::uint64_t, std::vector<std::byte>> comments_;
};

}  // namespace xdpcap
