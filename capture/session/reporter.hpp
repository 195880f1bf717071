// SPDX-License-Identifier: BSD-3-Clause
// Shows the user the progress of a capture: a line each second, one that is redrawn on a terminal,
// or JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fate/fate_counts.hpp"
#include "output/statistics.hpp"
#include "reason/reasons.hpp"
#include "session/free_space.hpp"
#include "session/options.hpp"
#include "source/source.hpp"

namespace xdpcap {

// Statistics of the output.
struct OutputStatistics {
  std::string file;         // the current one
  std::uint64_t files = 0;  // so far, with the current one
  std::uint64_t bytes = 0;  // in all of them, before compression
  // For the line of a terminal: bytes left on the disk, if they are known; whether files grow until
  // they are used up.
  std::optional<std::uint64_t> free = std::nullopt;
  bool grows = false;
};

// Report is the state of a capture at one moment.
struct Report {
  std::vector<InterfaceStatistics> interfaces;
  std::vector<std::string> sources = {};  // their names; empty for one hook named without -i
  std::vector<std::string> fates = {};    // of their packets, as JSON; empty: not reported
  std::string reasons = {};               // of all packets, as JSON; empty: not reported
  // For renderers (renderer.hpp) only: the titles of all sources, those from which no packets can
  // come, and the counts of reasons and fates, of all packets that reached recorders.
  std::vector<SourceTitle> titles = {};
  std::set<std::size_t> idle_sources = {};
  std::vector<ReasonCount> reason_counts = {};
  std::vector<FateCount> fate_counts = {};
  OutputStatistics output;
  bool only_counts = false;   // there is no output
  bool has_memory = false;    // that keeps packets (--last)
  std::uint64_t date = 0;     // ns since 1970
  std::uint64_t elapsed = 0;  // ns since the capture began
};

// One line, at most `width` characters wide, with rates since the `last` report. What does not fit
// is left out, the least important first.
std::string progress_line(const Report& now, const Report& last, std::size_t width);

// One object in one line. "type" is `type`; xdpcap-cpp(1) documents the keys. `final`: packets that
// are not written count as lost.
std::string json_line(const Report& report, const std::string& type, bool final);

class Reporter {
 public:
  explicit Reporter(const Options& options);
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  Reporter(Reporter&&) = delete;
  Reporter& operator=(Reporter&&) = delete;
  ~Reporter() { leave_line(); }

  // Once a second.
  void progress(Report report);
  void news(const std::string& line);
  // On request (SIGUSR1).
  void counts(const Report& report);
  // At the end. `more`: text after the summary. `json_only`: without text, because the reader of
  // the output has ended and nobody waits for it.
  void summary(const Report& report, const std::string& more, bool json_only = false);

 private:
  enum class Style : std::uint8_t { silent, lines, terminal, json };

  void leave_line();
  void tell_json(const std::string& line) const;

  Style style_ = Style::lines;
  bool quiet_;
  bool json_;
  int json_fd_;
  std::string selected_by_;  // the options that leave packets out
  bool file_grows_;
  FreeSpace free_space_;
  bool line_is_drawn_ = false;
  Report last_;
};

}  // namespace xdpcap
