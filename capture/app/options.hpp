// SPDX-License-Identifier: BSD-3-Clause
// The command line, as plain values. Parsing creates and changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/extcap.hpp"
#include "app/option_summary.hpp"
#include "app/privileges.hpp"
#include "base/xdp_action.hpp"
#include "fate/selection.hpp"
#include "filter/cbpf.hpp"
#include "filter/expression.hpp"
#include "output/rotation.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {

// How to show a filter instead of capturing with it.
enum class FilterListing : std::uint8_t {
  assembly,  // -d, as tcpdump
  c_code,    // -dd
  decimal,   // -ddd
  ebpf,      // --dump-ebpf: what it becomes
};

// What captures need that run for long (service_options.hpp).
struct Service {
  bool follow = false;       // go on with the hook that takes the place of this one
  std::optional<User> user;  // to become after the set-up
};

// A capture file to run a program over, instead of a capture (replay_options.hpp).
struct ReplayOrder {
  std::string input;
  std::string program;    // id, pinned path or name
  std::string interface;  // that packets seem to come in by; empty: none in particular
  bool both = false;      // write packets before and after
};

// When a capture goes on in another file, and when it ends (limit_options.hpp).
struct CaptureLimits {
  Rotation rotation;
  std::uint64_t packets = kUnlimited;  // written
  std::uint64_t duration = 0;          // ns; 0: until it is stopped
  std::string command;                 // run with the name of each file that is complete
};

struct Options {
  std::optional<FilterListing> listing;  // then only the filter and the link type count
  std::optional<ReplayOrder> replay;     // then there is no hook
  std::string hook;
  std::string output;  // "-" is stdout
  std::string filter_text;
  CbpfProgram filter;
  std::vector<std::uint32_t>
      filter_offsets;  // where an IP header may begin; none: Ethernet as it is
  LinkType link_type;
  std::optional<std::vector<XdpAction>> actions;  // nothing: all that the hook has slots for
  std::optional<std::uint64_t> ring_bytes;        // for each CPU
  std::optional<std::uint64_t> watermark;         // bytes in a ring that wake the reader
  std::uint32_t snaplen = kMaxSnaplen;            // bytes of a packet that are kept
  bool note_ingress = false;                      // a comment on each packet
  std::optional<FateSelection> fates;             // nothing: they are not traced
  bool quiet = false;
  bool wait = false;
  bool replace = false;
  Service service;
  CaptureLimits limits;
  bool print = false;  // a line for each packet on stdout
  bool json = false;   // statistics and the summary as JSON
};

// Help is text that was asked for instead of a capture.
struct Help {
  std::string text;
};

// ListRequest asks which hooks there are, instead of capturing.
struct ListRequest {
  bool json = false;
};

// CompletionRequest asks what could come next on a command line, see completion.hpp.
struct CompletionRequest {
  std::vector<std::string> words;
};

using Request = std::variant<Options, Help, ListRequest, CompletionRequest, ExtcapQuery>;

// `arguments` are those behind the program's name. Throws UsageError.
Request parse_options(const std::vector<std::string>& arguments);

// What -h tells of each option.
std::vector<OptionSummary> option_summaries();

// "xdpcap-cpp 0.1.0", as the file's section header and --version say it.
std::string program_version();

}  // namespace xdpcap
