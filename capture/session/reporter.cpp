// SPDX-License-Identifier: BSD-3-Clause
#include "session/reporter.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/json_text.hpp"
#include "base/tell.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr double kSecond = 1e9;
constexpr const char* kClearLine = "\r\x1b[K";

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::size_t terminal_width() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

// 1234567 is "1.23 M": three significant digits.
std::string with_unit(double number) {
  constexpr std::array<const char*, 5> kUnits = {"", " k", " M", " G", " T"};
  constexpr double kStep = 1000;
  std::size_t unit = 0;
  for (; number >= kStep && unit + 1 < kUnits.size(); ++unit) number /= kStep;
  std::array<char, 32> text{};
  const int decimals = unit == 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f%s", decimals, number, kUnits[unit]);
  return text.data();
}

std::string seconds(std::uint64_t nanoseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%llu.%09llu",
                static_cast<unsigned long long>(nanoseconds / 1'000'000'000),
                static_cast<unsigned long long>(nanoseconds % 1'000'000'000));
  return text.data();
}

struct JsonStyle {
  bool final;
  bool has_memory;
  bool only_counts;
};

std::string counts_as_json(const InterfaceStatistics& one, JsonStyle style) {
  const std::uint64_t lost = style.final ? xdpcap::lost(one) : one.counts.lost;
  if (style.only_counts) {
    return json_member("received", one.counts.received) + "," +
           json_member("matched", one.counts.matched) + "," + json_member("lost", lost);
  }
  return json_member("received", one.counts.received) + "," +
         json_member("matched", one.counts.matched) + "," + json_member("written", one.written) +
         "," + json_member("left_out", one.left_out) + "," + json_member("lost", lost) +
         (style.has_memory ? "," + json_member("kept", one.kept) : "");
}

std::string of_one_source(const InterfaceStatistics& its, bool only_counts) {
  std::string seen = std::to_string(its.counts.matched) + " matched, " +
                     std::to_string(its.counts.received) + " received";
  if (only_counts) return seen;
  return std::to_string(its.written) + " captured, " + seen + ", " +
         (its.left_out > 0 ? std::to_string(its.left_out) + " not selected, " : "") +
         std::to_string(lost(its)) + " lost";
}

// Of several sources, a line each after the sum.
std::string counts_as_text(const Report& report, const std::string& selected_by) {
  const char* by = report.sources.empty() ? "the hook" : "the recorders";
  std::string text = report.only_counts ? summary_of_counts(report.interfaces, by)
                                        : xdpcap::summary(report.interfaces, by, selected_by);
  for (std::size_t i = 0; report.sources.size() > 1 && i < report.sources.size(); ++i) {
    const InterfaceStatistics its = total(of_source(report.interfaces, i));
    text += report.sources[i] + ": " + of_one_source(its, report.only_counts) + "\n";
  }
  return text;
}

// "--sample 100, --fate".
std::string selecting_options(const Options& options) {
  std::vector<std::string> names;
  const auto& [sample, rate] = options.budget;
  if (sample > 1) names.push_back("--sample " + std::to_string(sample));
  if (rate > 0) names.push_back("--rate " + std::to_string(rate));
  if (options.fates && !options.fates->takes_all()) names.emplace_back("--fate");
  if (options.files.flight) names.emplace_back("--last");
  return join(names, ", ");
}

std::string actions_as_json(const std::vector<InterfaceStatistics>& interfaces, JsonStyle style) {
  std::string object = "{";
  for (const InterfaceStatistics& one : by_action(interfaces)) {
    if (object.back() != '{') object += ',';
    object += json_string(one.interface.action.name()) + ":{" + counts_as_json(one, style) + "}";
  }
  return object + "}";
}

std::string sources_as_json(const Report& report, JsonStyle style) {
  std::string object = "{";
  for (std::size_t i = 0; i < report.sources.size(); ++i) {
    const auto its = of_source(report.interfaces, i);
    object += (i == 0 ? "" : ",") + json_string(report.sources[i]) + ":{" +
              counts_as_json(total(its), style) + R"(,"actions":)" + actions_as_json(its, style) +
              (i < report.fates.size() ? R"(,"fates":)" + report.fates[i] : "") + "}";
  }
  return object + "}";
}

}  // namespace

std::string progress_line(const Report& now, const Report& last, std::size_t width) {
  const InterfaceStatistics before = total(last.interfaces);
  const InterfaceStatistics sum = total(now.interfaces);
  const double time = static_cast<double>(now.elapsed - last.elapsed) / kSecond;
  const auto counter = [&](const char* name, std::uint64_t then, std::uint64_t value) {
    const double rate = time > 0 ? static_cast<double>(value - then) / time : 0;
    return name + (" " + std::to_string(value)) + " (" + with_unit(rate) + "/s)  ";
  };
  std::string line = counter("received", before.counts.received, sum.counts.received) +
                     counter("matched", before.counts.matched, sum.counts.matched);
  if (!now.only_counts) {
    line += counter("written", before.written, sum.written) + "lost " +
            std::to_string(sum.counts.lost) + "  " +
            with_unit(static_cast<double>(now.output.bytes)) + "B in " + now.output.file;
  }
  if (line.size() > width) line.resize(width);
  return line;
}

std::string json_line(const Report& report, const std::string& type, bool final) {
  const JsonStyle style{
      .final = final, .has_memory = report.has_memory, .only_counts = report.only_counts};
  std::string line = "{" + json_member("type", type) + R"(,"time":)" + seconds(report.date) +
                     R"(,"seconds":)" + seconds(report.elapsed) + "," +
                     counts_as_json(total(report.interfaces), style);
  if (!report.only_counts) {
    line += "," + json_member("file", report.output.file) + "," +
            json_member("files", report.output.files) + "," +
            json_member("bytes", report.output.bytes);
  }
  line += R"(,"actions":)" + actions_as_json(report.interfaces, style);
  if (!report.sources.empty()) line += R"(,"sources":)" + sources_as_json(report, style);
  if (!report.reasons.empty()) line += R"(,"reasons":)" + report.reasons;
  return line + "}\n";
}

Reporter::Reporter(const Options& options)
    : quiet_(options.quiet),
      json_(options.json),
      json_fd_(options.files.path == "-" || options.files.print ? STDERR_FILENO : STDOUT_FILENO),
      selected_by_(selecting_options(options)) {
  if (options.quiet || (options.files.print && !options.json)) {
    style_ = Style::silent;
  } else if (options.json) {
    style_ = Style::json;
  } else if (is_terminal()) {
    style_ = Style::terminal;
  }
}

void Reporter::progress(Report report) {
  switch (style_) {
    case Style::silent:
      break;
    case Style::lines:
      tell(statistics_line(report.interfaces));
      break;
    case Style::terminal:
      // The last column stays free: a character there may move the cursor to the next line.
      tell(kClearLine + progress_line(report, last_, terminal_width() - 1));
      line_is_drawn_ = true;
      break;
    case Style::json:
      tell_json(json_line(report, "statistics", false));
      break;
  }
  last_ = std::move(report);
}

void Reporter::news(const std::string& line) {
  if (std::exchange(line_is_drawn_, false)) tell(kClearLine);
  tell(line + '\n');
}

void Reporter::counts(const Report& report) {
  if (json_) return tell_json(json_line(report, "statistics", false));
  leave_line();
  tell(counts_as_text(report, selected_by_));
}

void Reporter::summary(const Report& report, const std::string& more, bool json_only) {
  leave_line();
  std::string text;
  if (!json_ && !quiet_) text = counts_as_text(report, selected_by_);
  // If JSON goes to stdout, stderr has room for text.
  if (!quiet_ && (!json_ || json_fd_ == STDOUT_FILENO)) text += more;
  if (!json_only) tell(text + loss_line(report.interfaces), kLastTimeoutMilliseconds);
  if (json_) tell_json(json_line(report, "summary", true));
}

void Reporter::leave_line() {
  if (std::exchange(line_is_drawn_, false)) tell("\n");
}

void Reporter::tell_json(const std::string& line) const {
  tell(line, kLastTimeoutMilliseconds, json_fd_);
}

}  // namespace xdpcap
