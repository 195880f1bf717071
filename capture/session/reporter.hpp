// SPDX-License-Identifier: BSD-3-Clause
// How the user gets to see how the capture is doing: a line each second, one that is drawn anew on
// a terminal, or JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "output/statistics.hpp"
#include "session/options.hpp"

namespace xdpcap {

// What there is to say about the output.
struct OutputStatistics {
  std::string file;         // the current one
  std::uint64_t files = 0;  // that have been begun
  std::uint64_t bytes = 0;  // in all of them, before compression
};

// Report is the state of a capture at one moment.
struct Report {
  std::vector<InterfaceStatistics> interfaces;
  OutputStatistics output;
  std::uint64_t date = 0;     // ns since 1970
  std::uint64_t elapsed = 0;  // ns since the capture began
};

// One line, at most `width` characters wide, with rates since the `last` report.
std::string progress_line(const Report& now, const Report& last, std::size_t width);

// One object in one line. "type" is `type`; xdpcap-cpp(1) documents the keys. `final`: what is not
// written by now is lost.
std::string json_line(const Report& report, const std::string& type, bool final);

class Reporter {
 public:
  explicit Reporter(const Options& options);
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  Reporter(Reporter&&) = delete;
  Reporter& operator=(Reporter&&) = delete;
  ~Reporter() { leave_line(); }

  // Each second.
  void progress(Report report);
  void news(const std::string& line);
  // When somebody asks for them.
  void counts(const Report& report);
  // At the end. `more`: words after the summary. With `json_only` people are not told: the reader
  // of the output is gone, and nobody waits for them.
  void summary(const Report& report, const std::string& more, bool json_only = false);

 private:
  enum class Style : std::uint8_t { silent, lines, terminal, json };

  void leave_line();
  void tell_json(const std::string& line) const;

  Style style_ = Style::lines;
  bool quiet_;
  bool json_;
  int json_fd_;
  bool line_is_drawn_ = false;
  Report last_;
};

}  // namespace xdpcap
