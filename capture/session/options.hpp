// SPDX-License-Identifier: BSD-3-Clause
// The options of a capture, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "fate/selection.hpp"
#include "filter/cbpf.hpp"
#include "filter/expression.hpp"
#include "output/file_options.hpp"
#include "recorder/recorder.hpp"
#include "session/time_limit.hpp"
#include "source/source_options.hpp"

namespace xdpcap {

// How to show a filter instead of capturing with it.
enum class FilterListing : std::uint8_t {
  assembly,  // -d, as tcpdump
  c_code,    // -dd
  decimal,   // -ddd
  ebpf,      // --dump-ebpf: the compiled program
};

// A capture file to run a program over, instead of a capture (--replay).
struct ReplayOptions {
  std::string input;
  std::string program;    // id, pinned path or name
  std::string interface;  // ingress interface of the packets; empty: none in particular
  bool both = false;      // write packets before and after
};

// A capture file to print or to choose packets of, instead of a capture (-r).
struct ReadOptions {
  std::string input;  // "-" is stdin
  std::optional<TimeLimit> since;
  std::optional<TimeLimit> until;
};

// The pipes of Wireshark's toolbar (session/toolbar.hpp).
struct ToolbarPipes {
  std::string in;   // from Wireshark
  std::string out;  // to Wireshark
};

struct Options {
  std::optional<FilterListing> listing;  // then only the filter and the link type are used
  std::optional<ReplayOptions> replay;   // then there are no sources
  std::optional<ReadOptions> read;       // then the sources are names in the file
  SourceOptions sources;
  std::string filter_text;
  CbpfProgram filter;
  std::vector<std::uint32_t>
      filter_offsets;  // where an IP header may begin; none: Ethernet as it is
  LinkType link_type;
  std::optional<std::vector<XdpAction>> actions;  // nothing: all that there are
  std::optional<std::uint64_t> ring_bytes;        // for each CPU
  std::optional<std::uint64_t> watermark;         // bytes in a ring that wake the reader
  std::uint32_t snaplen = kMaxSnaplen;            // bytes of a packet that are kept
  std::vector<Range> cpus;                        // captured on; none: all, as below
  std::vector<Range> queues;                      // received in
  std::vector<Range> ingress;                     // indexes of the interfaces they arrived on
  bool note_ingress = false;                      // a comment on each packet
  Budget budget;                                  // how many of the matching ones are recorded
  std::optional<FateSelection> fates;             // nothing: they are not traced
  std::vector<std::string> reasons;               // texts or places; none: any, as above
  std::optional<FateSelection> trigger_fates;     // --last writes a file on these
  bool follow_stack = false;                      // packets of XDP_PASS; only with fates
  std::string metrics;                            // the file to write metrics to; empty: none
  bool only_counts = false;                       // nothing is written, and `files` has no path
  bool top = false;  // a live view of the counts; without sources: of all
  bool quiet = false;
  bool says_sources = true;  // when the capture has begun
  FileOptions files;
  std::optional<ToolbarPipes> toolbar;  // nothing: not started by Wireshark
  bool json = false;                    // statistics and the summary as JSON
};

// Whether recorders put anything into rings. If packets are only counted, those that are followed
// through the network stack do, without their bytes: what becomes of them is known later.
inline bool records(const Options& options) {
  return !options.only_counts || (options.fates && options.follow_stack);
}

}  // namespace xdpcap
