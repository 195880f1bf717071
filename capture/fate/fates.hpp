// SPDX-License-Identifier: BSD-3-Clause
// Moves the fates of a capture's packets from the tracing programs to the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bpf/program_loader.hpp"
#include "fate/comments.hpp"
#include "fate/fate_counts.hpp"
#include "fate/names.hpp"
#include "fate/pair_table.hpp"
#include "fate/selection.hpp"
#include "fate/stack_counts.hpp"
#include "fate/stack_tracer.hpp"
#include "fate/tracer.hpp"
#include "output/capture_file.hpp"
#include "output/statistics.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

class Fates {
 public:
  // Starts tracing. `triggers`: fates of which saw_trigger() tells. `interfaces`: of the file.
  // Throws Error if the kernel refuses.
  Fates(const Rings& rings, std::uint32_t cpus, const FateSelection& selection,
        const std::optional<FateSelection>& triggers, std::size_t interfaces)
      : tracer_(rings, cpus),
        names_([this](const xdpcap_device& device) { return tracer_.name_of(device); }),
        comments_(names_, selection, triggers),
        left_out_(interfaces) {}
  // Follows packets of XDP_PASS, too. Throws Error if the kernel refuses: then all that is known of
  // these packets is that they were passed.
  void follow_stack(const Rings& rings, std::uint32_t cpus) {
    stack_.emplace(rings, cpus, tracer_.last_fd());
  }
  [[nodiscard]] bool follows_stack() const { return stack_.has_value(); }
  Fates(const Fates&) = delete;  // members hold references to each other
  Fates& operator=(const Fates&) = delete;
  Fates(Fates&&) = delete;
  Fates& operator=(Fates&&) = delete;
  ~Fates() = default;

  [[nodiscard]] int last_fd() const { return tracer_.last_fd(); }
  // Why fates have numbers instead of names; empty if they have names.
  [[nodiscard]] const std::string& shortcoming() const { return tracer_.shortcoming(); }
  // After this process has given up its privileges: a line for each thing that is missing now.
  [[nodiscard]] std::vector<std::string> without_privileges() const;
  // The flavour of the hook's programs, once it is known.
  void set_flavour(const Flavour& flavour);

  // Appends the cursor's block to the file, with its fate as a comment, and `more` comments; or
  // skips it if its fate is not selected. Returns false, and changes nothing, if the file has to be
  // flushed first.
  bool append(RingCursor& cursor, CaptureFile& file, Comments more = {}) {
    xdpcap_block& block = cursor.block();
    xdpcap_fate& fate = fate_of(block);
    if (fate.state == XDPCAP_FATE_PASSED && stack_) stack_->complete(fate, cursor);
    const FateComments::Comment& comment = comments_.of(fate);
    saw_trigger_ = saw_trigger_ || comment.is_trigger;
    if (!comment.selected) {
      ++left_out_.at(block.interface_id);
      stack_counts_.add(block.interface_id, fate);
      return true;
    }
    more.fate = comment.option;
    if (!file.append(block, more)) return false;
    stack_counts_.add(block.interface_id, fate);
    // The length in the file differs from that in the ring.
    cursor.resize_block(with_comments(block.block_length, more));
    return true;
  }
  // Only counts the cursor's block.
  void count(RingCursor& cursor) {
    const xdpcap_block& block = cursor.block();
    xdpcap_fate& fate = fate_of(cursor.block());
    if (fate.state == XDPCAP_FATE_PASSED && stack_) stack_->complete(fate, cursor);
    stack_counts_.add(block.interface_id, fate);
  }
  // Whether such a packet was appended or skipped since the last call.
  [[nodiscard]] bool saw_trigger() { return std::exchange(saw_trigger_, false); }
  // After a flush: no comment is in use.
  void flushed() { comments_.clear_if_large(); }

  // Packets that were not selected, by interface.
  [[nodiscard]] std::span<const std::uint64_t> left_out() const { return left_out_; }
  // For a process that resumes after another was killed: sets the counts of left_out().
  void go_back(std::span<const std::uint64_t> left_out) {
    left_out_.assign(left_out.begin(), left_out.end());
  }
  // The descriptors that such a process needs.
  [[nodiscard]] std::vector<int> descriptors() const;
  // What became of the packets between two devices (pair_table.hpp), and in the network stack
  // (stack_counts.hpp): of all, with the names of the sources if there are any; of one interface of
  // the file; and of one source, as JSON. `interfaces`: of the file.
  using Interfaces = std::vector<CaptureInterface>;
  [[nodiscard]] std::string table(const std::vector<std::string>& sources,
                                  const Interfaces& interfaces) const;
  [[nodiscard]] std::string table(std::uint32_t interface_id, const Interfaces& interfaces) const;
  [[nodiscard]] std::string as_json(std::size_t source, const Interfaces& interfaces) const;
  // The same as values, without devices: sums for each action of each source.
  [[nodiscard]] std::vector<FateCount> counts(const Interfaces& interfaces) const;

 private:
  [[nodiscard]] std::string late_reports() const;

  Tracer tracer_;
  std::optional<StackTracer> stack_;
  StackCounts stack_counts_;
  Names names_;
  FateComments comments_;
  std::vector<std::uint64_t> left_out_;
  bool saw_trigger_ = false;
};

}  // namespace xdpcap
