// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/metrics_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "source/source_name.hpp"

namespace xdpcap {
namespace {

constexpr const char* kOther = "(other)";

// Backslashes and quotes are escaped as the format wants it. A byte that is not printable becomes
// text, "\xff": a file with invalid UTF-8 would be refused as a whole.
std::string escaped(std::string_view text) {
  std::string value;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"') value += '\\';
    if (std::isprint(byte) != 0) {
      value += c;
      continue;
    }
    std::array<char, 8> hex{};
    std::snprintf(hex.data(), hex.size(), "\\\\x%02x", static_cast<unsigned>(byte));
    value += hex.data();
  }
  return value;
}

std::string label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + escaped(value) + '"';
}

std::string and_label(std::string_view name, std::string_view value) {
  return ',' + label(name, value);
}

std::string seconds(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kMilliseconds = 1'000'000;
  constexpr std::uint64_t kThousand = 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%llu.%03llu",
                static_cast<unsigned long long>(nanoseconds / kMilliseconds / kThousand),
                static_cast<unsigned long long>(nanoseconds / kMilliseconds % kThousand));
  return text.data();
}

// The name of a source is that of its interfaces in a file. A hook named without -i has none.
const std::string& name_of(const SourceTitle& title) {
  return title.label.empty() ? title.name : title.label;
}

// Kernels may give any number as a reason. Those without a name, "errno-4711", are one.
std::string named(const std::string& reason) {
  const auto last = reason.find_last_not_of("0123456789");
  const bool is_number = last != std::string::npos && last + 1 < reason.size();
  return is_number && reason[last] == '-' ? kOther : reason;
}

}  // namespace

MetricsText::MetricsText(const std::string& capture, std::string filter)
    : capture_(label("capture", capture)), filter_(std::move(filter)) {}

std::string MetricsText::of(const Report& report, bool is_running) {
  text_.clear();
  add_about(report, is_running);
  add_packets(report, is_running);
  add_reasons(report);
  add_fates(report);
  return std::move(text_);
}

void MetricsText::add_about(const Report& report, bool is_running) {
  constexpr std::string_view kName = "xdpcap-cpp ";
  gauge({"xdpcap_build_info", "The version of xdpcap-cpp."},
        capture_ + and_label("version", std::string_view(kProgramVersion).substr(kName.size())),
        "1");
  gauge({"xdpcap_up", "Whether the capture runs; 0: it has ended, and these are its last counts."},
        capture_, is_running ? "1" : "0");
  gauge({"xdpcap_start_time_seconds", "When the capture began, in seconds since 1970."}, capture_,
        seconds(report.date - report.elapsed));
  gauge({"xdpcap_update_time_seconds", "When these counts were read, in seconds since 1970."},
        capture_, seconds(report.date));
  gauge({"xdpcap_capture_info", "What the capture selects: its filter."},
        capture_ + and_label("filter", filter_), "1");
  const Metric source{"xdpcap_source_info", "Where a source of the capture takes packets from."};
  Values infos;
  for (const SourceTitle& title : report.titles) {
    Labels labels = capture_ + and_label("source", name_of(title)) +
                    and_label("description", title.description);
    if (!title.label.empty() && parse_source(title.name).kind == SourceName::Kind::interface) {
      const SourceName name = parse_source(title.name);
      labels += and_label("interface", name.name) + and_label("netns", name.network_namespace);
    }
    infos[labels] = 1;
  }
  for (const auto& [labels, one] : infos) {
    if (labels == infos.begin()->first) {
      gauge(source, labels, "1");
    } else {
      text_ += std::string(source.name) + '{' + labels + "} 1\n";
    }
  }
}

void MetricsText::add_packets(const Report& report, bool is_running) {
  Values received;
  Values matched;
  Values lost;
  Values written;
  Values left_out;
  for (const InterfaceStatistics& one : report.interfaces) {
    const Labels labels = this->labels(report, one.interface);
    received[labels] += one.counts.received;
    matched[labels] += one.counts.matched;
    // While the capture runs, what is not written yet is not lost.
    lost[labels] += is_running ? one.counts.lost : xdpcap::lost(one);
    written[labels] += one.written;
    left_out[labels] += one.left_out;
  }
  counter({"xdpcap_received_packets_total", "Packets that left the program with this action."},
          received);
  counter({"xdpcap_matched_packets_total", "Of the received packets, those that match the filter."},
          matched);
  counter({"xdpcap_lost_packets_total",
           "Of the matched packets, those of which the capture has no record."},
          lost);
  if (report.only_counts) return;
  counter({"xdpcap_written_packets_total", "Of the matched packets, those in the output."},
          written);
  counter({"xdpcap_not_selected_packets_total",
           "Of the matched packets, those left out by --sample, --rate, --fate or --last."},
          left_out);
  counter({"xdpcap_written_bytes_total", "Bytes in all files, before compression."},
          {{capture_, report.output.bytes}});
  counter({"xdpcap_files_total", "Files begun."}, {{capture_, report.output.files}});
}

void MetricsText::add_reasons(const Report& report) {
  Values packets;
  for (const ReasonCount& one : report.reason_counts) {
    const bool is_counted_alone = one.row <= kMostReasonsInMetrics;
    std::string reason = one.reason == nullptr ? "" : kOther;
    std::string at;
    if (one.reason != nullptr && is_counted_alone) {
      reason = one.reason->text;
      at = one.reason->place();
    }
    packets[labels(report, one.interface) + and_label("reason", reason) + and_label("at", at)] +=
        one.packets;
  }
  counter({"xdpcap_reason_packets_total",
           "All received packets by the reason that the program gave, and its place in the source; "
           "empty: none."},
          packets);
}

void MetricsText::add_fates(const Report& report) {
  Values packets;
  for (const FateCount& one : report.fate_counts) {
    packets[labels(report, {one.source, one.action}) + and_label("fate", one.fate) +
            and_label("reason", named(one.reason)) + and_label("by", one.by)] += one.packets;
  }
  counter({"xdpcap_fate_packets_total",
           "What became of packets after the program: by XDP itself, by the device they were sent "
           "to, and by the network stack."},
          packets);
}

void MetricsText::counter(const Metric& metric, const Values& values) {
  if (values.empty()) return;
  text_ += std::string("# HELP ") + metric.name + ' ' + metric.help + "\n# TYPE " + metric.name +
           " counter\n";
  for (const auto& [labels, value] : values) {
    const std::string series = std::string(metric.name) + '{' + labels + '}';
    // The parts of a sum are read one after the other, while packets arrive.
    std::uint64_t& last = last_[series];
    last = std::max(last, value);
    text_ += series + ' ' + std::to_string(last) + '\n';
  }
}

void MetricsText::gauge(const Metric& metric, const Labels& labels, const std::string& value) {
  text_ += std::string("# HELP ") + metric.name + ' ' + metric.help + "\n# TYPE " + metric.name +
           " gauge\n" + metric.name + '{' + labels + "} " + value + '\n';
}

MetricsText::Labels MetricsText::labels(const Report& report,
                                        const CaptureInterface& interface) const {
  return capture_ + and_label("source", name_of(report.titles.at(interface.source))) +
         and_label("action", interface.action.name());
}

}  // namespace xdpcap
