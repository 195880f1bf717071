// SPDX-License-Identifier: BSD-3-Clause
// The fates of a capture's packets, from the tracing programs to the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "bpf/program_loader.hpp"
#include "fate/comments.hpp"
#include "fate/names.hpp"
#include "fate/pair_table.hpp"
#include "fate/selection.hpp"
#include "fate/tracer.hpp"
#include "output/capture_file.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

class Fates {
 public:
  // Starts to trace. `interfaces`: of the file. Throws Error when the kernel does not let it.
  Fates(const Rings& rings, std::uint32_t cpus, const FateSelection& selection,
        std::size_t interfaces)
      : tracer_(rings, cpus),
        names_([this](const xdpcap_device& device) { return tracer_.name_of(device); }),
        comments_(names_, selection),
        left_out_(interfaces) {}
  Fates(const Fates&) = delete;  // its parts know each other by address
  Fates& operator=(const Fates&) = delete;
  Fates(Fates&&) = delete;
  Fates& operator=(Fates&&) = delete;
  ~Fates() = default;

  [[nodiscard]] int last_fd() const { return tracer_.last_fd(); }
  // Why fates tell numbers and no names; empty when they do.
  [[nodiscard]] const std::string& shortcoming() const { return tracer_.shortcoming(); }
  // What is missing from now on, in lines, after this process has given up its rights.
  [[nodiscard]] std::vector<std::string> without_privileges() const;
  // What the hook's programs are, once that is known.
  void set_flavour(const Flavour& flavour);

  // Puts the block under the cursor into the file, with its fate in words; leaves it out when its
  // fate was not asked for. False when the file has to be flushed first: nothing has changed.
  bool append(RingCursor& cursor, CaptureFile& file) {
    xdpcap_block& block = cursor.block();
    const FateComments::Comment& comment = comments_.of(fate_of(block));
    if (!comment.wanted) {
      ++left_out_.at(block.interface_id);
      return true;
    }
    if (!file.append(block, comment.option)) return false;
    // The block is written with another length than it has in the ring.
    cursor.resize_block(with_comment(block.block_length, comment.option.size()));
    return true;
  }
  // After a flush: no comment is in use.
  void flushed() { comments_.forget_most(); }

  // Packets that were left out, by interface.
  [[nodiscard]] std::span<const std::uint64_t> left_out() const { return left_out_; }
  // For a process that goes on where another was killed: so many were left out.
  void go_back(std::span<const std::uint64_t> left_out) {
    left_out_.assign(left_out.begin(), left_out.end());
  }
  // What such a process needs open.
  [[nodiscard]] std::vector<int> descriptors() const { return tracer_.descriptors(); }
  // What became of the packets between two devices (pair_table.hpp), of one action or of all.
  [[nodiscard]] std::string table(std::optional<XdpAction> action = {}) const;

 private:
  Tracer tracer_;
  Names names_;
  FateComments comments_;
  std::vector<std::uint64_t> left_out_;
};

}  // namespace xdpcap
