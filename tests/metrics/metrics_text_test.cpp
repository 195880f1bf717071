// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/metrics_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "metrics/made_report.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDrop = R"({capture="web",source="eth0@lab",action="drop")";

std::string series(const std::string& name, const std::string& rest) {
  return "\n" + name + kDrop + rest + "\n";
}

TEST(MetricsText, CountsOfACaptureThatOnlyCounts) {
  const std::string text = MetricsText("web", "icmp").of(only_counts(20, 10), true);
  EXPECT_THAT(text, HasSubstr(series("xdpcap_received_packets_total", "} 20")));
  EXPECT_THAT(text, HasSubstr(series("xdpcap_matched_packets_total", "} 10")));
  EXPECT_THAT(text, HasSubstr(series("xdpcap_lost_packets_total", "} 0")));
  EXPECT_THAT(text, Not(HasSubstr("written")));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_up{capture=\"web\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_capture_info{capture=\"web\",filter=\"icmp\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_start_time_seconds{capture=\"web\"} 1700000000.250\n"));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_update_time_seconds{capture=\"web\"} 1700000004.250\n"));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_source_info{capture=\"web\",source=\"eth0@lab\","
                              "description=\"hook /h\",interface=\"eth0\",netns=\"lab\"} 1\n"));
}

// What has matched and is not written yet, is lost only at the end.
TEST(MetricsText, CountsOfACaptureWithAnOutput) {
  MetricsText metrics("web", "");
  std::string text = metrics.of(drops(20, 10, 7), true);
  EXPECT_THAT(text, HasSubstr(series("xdpcap_written_packets_total", "} 7")));
  EXPECT_THAT(text, HasSubstr(series("xdpcap_lost_packets_total", "} 0")));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_written_bytes_total{capture=\"web\"} 300\n"));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_files_total{capture=\"web\"} 2\n"));
  text = metrics.of(drops(20, 10, 7), false);
  EXPECT_THAT(text, HasSubstr(series("xdpcap_lost_packets_total", "} 3")));
  EXPECT_THAT(text, HasSubstr("\nxdpcap_up{capture=\"web\"} 0\n"));
}

TEST(MetricsText, CountersNeverBecomeLess) {
  MetricsText metrics("web", "");
  EXPECT_THAT(metrics.of(only_counts(20, 10), true),
              HasSubstr(series("xdpcap_received_packets_total", "} 20")));
  EXPECT_THAT(metrics.of(only_counts(19, 10), true),
              HasSubstr(series("xdpcap_received_packets_total", "} 20")));
  EXPECT_THAT(metrics.of(only_counts(21, 10), true),
              HasSubstr(series("xdpcap_received_packets_total", "} 21")));
}

// As the format escapes them; what is no text would make node_exporter refuse the file.
TEST(MetricsText, ValuesOfLabelsAreEscaped) {
  Report report = only_counts(1, 1);
  report.titles[0] = {.name = "/sys/fs/bpf/a\"b\\c\nd\xff", .label = "", .description = ""};
  const std::string text = MetricsText("web", "").of(report, true);
  EXPECT_THAT(text, HasSubstr(R"(source="/sys/fs/bpf/a\"b\\c\\x0ad\\xff",action="drop"} 1)"));
}

TEST(MetricsText, ReasonsOfOnePlaceAreOneAndTheLastAreOther) {
  const ReasonEntry blocked{
      .id = 1, .line = 7, .text = "a \"b\"", .file = "fw.c", .has_number = false};
  Report report = only_counts(100, 100);
  const CaptureInterface drop = report.interfaces[0].interface;
  report.reason_counts = {{drop, &blocked, 1, 1},
                          {drop, &blocked, 2, 2},
                          {drop, &blocked, 4, kMostReasonsInMetrics},
                          {drop, &blocked, 8, kMostReasonsInMetrics + 1},
                          {drop, &blocked, 16, kMostReasonsInMetrics + 2},
                          {drop, nullptr, 32}};
  const std::string text = MetricsText("web", "").of(report, true);
  const std::string name = "xdpcap_reason_packets_total";
  EXPECT_THAT(text, HasSubstr(series(name, R"(,reason="a \"b\"",at="fw.c:7"} 7)")));
  EXPECT_THAT(text, HasSubstr(series(name, R"x(,reason="(other)",at=""} 24)x")));
  EXPECT_THAT(text, HasSubstr(series(name, R"(,reason="",at=""} 32)")));
}

// A kernel may give numbers of any kind.
TEST(MetricsText, FatesWithoutANameAreOther) {
  Report report = only_counts(100, 100);
  const auto dropped = [](const char* reason, const char* by, std::uint64_t packets) {
    return FateCount{0, XdpAction(1), "dropped", reason, by, packets};
  };
  report.fate_counts = {dropped("ENETDOWN", "xdp", 1),    dropped("errno-4711", "xdp", 2),
                        dropped("errno-4712", "xdp", 4),  dropped("NO_SOCKET", "stack", 8),
                        dropped("reason-9", "stack", 16), dropped("tx-failed", "xdp", 32)};
  const std::string text = MetricsText("web", "").of(report, true);
  const auto fate = [](const std::string& reason, const std::string& by) {
    return ",fate=\"dropped\",reason=\"" + reason + "\",by=\"" + by + "\"} ";
  };
  const std::string name = "xdpcap_fate_packets_total";
  EXPECT_THAT(text, HasSubstr(series(name, fate("ENETDOWN", "xdp") + "1")));
  EXPECT_THAT(text, HasSubstr(series(name, fate("(other)", "xdp") + "6")));
  EXPECT_THAT(text, HasSubstr(series(name, fate("NO_SOCKET", "stack") + "8")));
  EXPECT_THAT(text, HasSubstr(series(name, fate("(other)", "stack") + "16")));
  EXPECT_THAT(text, HasSubstr(series(name, fate("tx-failed", "xdp") + "32")));
}

}  // namespace
}  // namespace xdpcap::test
