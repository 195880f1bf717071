// SPDX-License-Identifier: BSD-3-Clause
#include "top/top_frame.hpp"

#include <linux/bpf.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/text.hpp"

namespace xdpcap {
namespace {

// Of the columns to the right of the text.
constexpr std::size_t kPackets = 13;
constexpr std::size_t kRate = 9;
constexpr std::size_t kGap = 2;  // before the history
constexpr std::size_t kLeastText = 12;
constexpr std::size_t kUsualText = 34;
constexpr std::size_t kLeastHistory = 12;

// How wide each column is; 0: left out.
struct Columns {
  std::size_t text = 0;
  std::size_t packets = 0;
  std::size_t rate = 0;
  std::size_t history = 0;
};

// In a narrow terminal, the history goes first, then the rate.
Columns divide(std::size_t width, std::size_t longest_text) {
  Columns columns;
  if (width >= kLeastText + kPackets) columns.packets = kPackets;
  if (width >= kLeastText + kPackets + kRate) columns.rate = kRate;
  const std::size_t rest = width - columns.packets - columns.rate;
  columns.text = rest;
  if (rest < kUsualText + kGap + kLeastHistory) return columns;
  const std::size_t text = std::clamp(longest_text, kUsualText, rest - kGap);
  columns.history = std::clamp(rest - kGap - text, kLeastHistory, TopTable::kHistory);
  columns.text = std::min(text, rest - kGap - columns.history);
  return columns;
}

std::string fit(std::string text, std::size_t width) {
  if (text.size() > width) {
    text.resize(width);
    if (width > 1) text.back() = '~';
  }
  return text;
}

std::string left(const std::string& text, std::size_t width) {
  std::string fitted = fit(text, width);
  fitted.resize(width, ' ');
  return fitted;
}

std::string right(const std::string& text, std::size_t width) {
  if (width == 0) return {};
  const std::string fitted = fit(text, width - 1);
  return std::string(width - fitted.size(), ' ') + fitted;
}

// "1234", "12.3 M": three significant digits.
std::string short_number(double number) {
  constexpr std::array<const char*, 5> kUnits = {"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  constexpr double kStep = 1000;
  for (; number >= kStep * 10 && unit + 1 < kUnits.size(); ++unit) number /= kStep;
  if (unit == 0) return std::to_string(std::llround(number));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f%s", number >= 100 ? 0 : 1, number, kUnits[unit]);
  return text.data();
}

std::string duration(std::uint64_t seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02llu:%02llu:%02llu",
                static_cast<unsigned long long>(seconds / 3600),
                static_cast<unsigned long long>(seconds / 60 % 60),
                static_cast<unsigned long long>(seconds % 60));
  return text.data();
}

const char* colour_of(const TopRow& row) {
  if (row.is_gone || row.kind == TopRow::Kind::uncounted) return "2";  // faint
  if (row.kind == TopRow::Kind::source) return "1";                    // bold
  switch (row.action.value_or(XdpAction(XDP_PASS)).value()) {
    case XDP_ABORTED:
      return "35";
    case XDP_DROP:
      return "31";
    case XDP_TX:
      return "36";
    case XDP_REDIRECT:
      return "33";
    default:
      return "32";
  }
}

std::string coloured(const std::string& text, const char* colour, bool is_on) {
  return is_on ? std::string("\x1b[") + colour + "m" + text + "\x1b[0m" : text;
}

std::string indented(const TopRow& row) {
  const bool is_beneath = row.kind == TopRow::Kind::reason || row.kind == TopRow::Kind::fate;
  return (is_beneath ? "    " : row.kind == TopRow::Kind::action ? "  " : "") + row.text;
}

class Frame {
 public:
  Frame(const TopTable& table, const TopStatus& status, TopSize size, TopStyle style)
      : table_(table), status_(status), size_(size), style_(style) {}

  std::vector<std::string> draw();

 private:
  [[nodiscard]] std::string title() const;
  [[nodiscard]] std::string heads() const;
  [[nodiscard]] std::string line(const TopRow& row) const;
  [[nodiscard]] std::string last_line() const;
  void add_rows(const std::vector<TopRow>& rows);

  const TopTable& table_;
  const TopStatus& status_;
  TopSize size_;
  TopStyle style_;
  Columns columns_;
  std::vector<std::string> lines_;
};

std::string Frame::title() const {
  const TopRow& total = table_.total();
  const std::string what =
      status_.filter.empty() ? "" : " that match \"" + printable(status_.filter) + "\"";
  const std::string begin = counted(table_.sources(), "source") + ", " +
                            counted(total.packets, "packet") + what + ", " +
                            short_number(total.rate) + "/s";
  const std::string end = (status_.is_paused ? " paused  " : "  ") + duration(status_.seconds);
  if (size_.columns < kLeastText + end.size()) return fit(begin, size_.columns);
  return left(begin, size_.columns - end.size()) + end;
}

std::string Frame::heads() const {
  std::string text = left("SOURCE, ACTION, REASON, -> FATE", columns_.text) +
                     right("PACKETS", columns_.packets) + right("RATE/s", columns_.rate);
  if (columns_.history > 0) {
    text += std::string(kGap, ' ') +
            fit("LAST " + std::to_string(columns_.history) + " s", columns_.history);
  }
  return coloured(text, "4", style_.colour);  // underlined
}

std::string Frame::line(const TopRow& row) const {
  if (row.kind == TopRow::Kind::uncounted) {
    return coloured(fit(row.text, size_.columns), colour_of(row), style_.colour);
  }
  std::string text = left(indented(row), columns_.text) +
                     right(std::to_string(row.packets), columns_.packets) +
                     right(row.is_gone ? "gone" : short_number(row.rate), columns_.rate);
  if (columns_.history > 0) {
    text += std::string(kGap, ' ') + sparkline(row.history, columns_.history, style_.utf8);
  }
  return coloured(text, colour_of(row), style_.colour);
}

std::string Frame::last_line() const {
  if (!status_.news.empty()) return fit(printable(status_.news), size_.columns);
  const char* order = status_.order == TopOrder::fixed  ? "as named"
                      : status_.order == TopOrder::rate ? "rate"
                                                        : "packets";
  return fit(std::string("q quit  p pause  r reset  s sort: ") + order + "  up, down",
             size_.columns);
}

void Frame::add_rows(const std::vector<TopRow>& rows) {
  const bool has_end = size_.lines > 0;
  const std::size_t room = has_end ? size_.lines - lines_.size() - 1 : rows.size();
  const std::size_t first = rows.size() > room ? std::min(status_.scrolled, rows.size() - room) : 0;
  const std::size_t shown = std::min(room, rows.size() - first);
  const bool is_cut = shown + first < rows.size() && shown > 0;
  for (std::size_t i = first; i < first + shown - (is_cut ? 1 : 0); ++i)
    lines_.push_back(line(rows[i]));
  if (is_cut) {
    lines_.push_back(
        fit("... " + counted(rows.size() - first - shown + 1, "more row"), size_.columns));
  }
}

std::vector<std::string> Frame::draw() {
  const std::vector<TopRow> rows = table_.rows(status_.order);
  std::size_t longest = 0;
  for (const TopRow& row : rows) {
    if (row.kind != TopRow::Kind::uncounted) longest = std::max(longest, indented(row).size());
  }
  columns_ = divide(size_.columns, longest);
  lines_.push_back(coloured(title(), "1", style_.colour));
  constexpr std::size_t kLeastLines = 4;
  if (size_.lines == 0 || size_.lines >= kLeastLines) lines_.push_back(heads());
  if (size_.lines == 0 || size_.lines >= kLeastLines - 1) add_rows(rows);
  if (rows.empty() && (size_.lines == 0 || size_.lines >= kLeastLines)) {
    lines_.push_back(fit("no XDP program is loaded here; waiting for one", size_.columns));
  }
  if (size_.lines == 0) return lines_;
  if (size_.lines > lines_.size()) {
    lines_.resize(size_.lines - 1);
    lines_.push_back(coloured(last_line(), "2", style_.colour));
  }
  return lines_;
}

}  // namespace

std::string sparkline(const std::deque<double>& rates, std::size_t width, bool utf8) {
  constexpr std::array<const char*, 9> kBlocks = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<const char*, 9> kAscii = {" ", "_", ".", ":", "-", "=", "+", "*", "#"};
  const std::size_t shown = std::min(width, rates.size());
  const auto first = rates.end() - static_cast<std::ptrdiff_t>(shown);
  const double highest = shown == 0 ? 0 : *std::max_element(first, rates.end());
  std::string text(width - shown, ' ');
  for (auto rate = first; rate != rates.end(); ++rate) {
    const double level = highest > 0 ? std::ceil(*rate / highest * 8) : 0;
    text += (utf8 ? kBlocks : kAscii).at(static_cast<std::size_t>(level));
  }
  return text;
}

std::vector<std::string> top_frame(const TopTable& table, const TopStatus& status, TopSize size,
                                   TopStyle style) {
  return Frame(table, status, size, style).draw();
}

}  // namespace xdpcap
