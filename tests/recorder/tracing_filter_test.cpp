// SPDX-License-Identifier: BSD-3-Clause
// Filters in tracing recorders, compared with libpcap.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "filter/capture_file.hpp"
#include "filter/differential.hpp"
#include "filter/expression.hpp"
#include "filter/random_program.hpp"
#include "recorder/traced_fixture.hpp"
#include "recorder/tracing_capture.hpp"
#include "support/environment.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint32_t kLate = XDPCAP_MOST_PREFIX + 50;

class TracedFilters : public TracedTest {
 protected:
  // The packets that `filter` matches are recorded, and no others; also where they begin so late in
  // a larger packet that the copy for the filter does not reach them.
  void compare(const CbpfProgram& filter, const std::vector<Bytes>& packets) {
    TracingSetup setup = TracedTest::setup("with_subprogram");
    setup.filter = filter;
    TracingCapture fast(setup);
    setup.target_fd = fd("change");
    setup.point = TracePoint::entry;
    setup.actions = {0};
    setup.filter_offsets = {kLate};
    const TracingCapture slow(setup);
    std::vector<Bytes> expected;
    for (const Bytes& packet : packets) {
      const std::size_t late_size = packet.size() + kLate;
      if (packet.size() < kShortestKernelPacket || late_size > kLongestLinearPacket) continue;
      const bool matches = libpcap_matches(filter, packet);
      if (matches) expected.push_back(packet);
      ++(matches ? tally_.matches : tally_.others);
      run(packet, "with_subprogram");
      ASSERT_EQ(matched(fast), expected.size()) << to_string(filter, CbpfFormat::assembly);
      Bytes late(kLate);
      late.insert(late.end(), packet.begin(), packet.end());
      run(late, "change");
      ASSERT_EQ(matched(slow), expected.size()) << to_string(filter, CbpfFormat::assembly);
    }
    std::vector<Bytes> recorded;
    for (const TracedRecord& record : fast.take()) recorded.push_back(record.bytes);
    ASSERT_EQ(recorded, expected);
  }
  static std::uint64_t matched(const TracingCapture& capture) {
    std::uint64_t sum = 0;
    for (std::uint32_t row = 0; row < 5; ++row) sum += capture.counts(row).matched;
    return sum;
  }

  Tally tally_;
};

// One in so many lines of the list of expressions: an attachment takes long in emulated machines.
std::vector<std::string> some_expressions() {
  const std::uint64_t stride = number_from_environment("XDPCAP_EXPRESSIONS").value_or(20);
  std::ifstream file("tests/filter/expressions.txt");
  std::vector<std::string> expressions;
  std::size_t position = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (position++ % stride == 0) expressions.push_back(line);
  }
  return expressions;
}

std::vector<Bytes> ethernet_packets() {
  std::set<Bytes> packets;
  for (const auto& path : all_captures()) {
    const CaptureFile file = read_capture(path);
    if (file.link_type.dlt == LinkType{}.dlt)
      packets.insert(file.packets.begin(), file.packets.end());
  }
  return {packets.begin(), packets.end()};
}

TEST_F(TracedFilters, OfExpressionsAgreeWithLibpcap) {
  const std::vector<Bytes> packets = ethernet_packets();
  std::size_t filters = 0;
  for (const std::string& expression : some_expressions()) {
    CbpfProgram filter;
    try {
      filter = compile_filter(expression, LinkType{});
    } catch (const UsageError&) {
      continue;  // not for Ethernet
    }
    SCOPED_TRACE(expression);
    std::vector<Bytes> some;
    for (std::size_t i = filters++ % 4; i < packets.size(); i += 4) some.push_back(packets[i]);
    ASSERT_NO_THROW(compare(filter, some));
    if (HasFatalFailure()) return;
  }
  std::cout << filters << " filters, " << tally_.matches << " matches, " << tally_.others
            << " non-matches\n";
  EXPECT_GT(tally_.matches, filters);
  EXPECT_GT(tally_.others, filters);
}

TEST_F(TracedFilters, OfRandomInstructionsAgreeWithLibpcap) {
  const std::uint64_t first = number_from_environment("XDPCAP_SEED").value_or(1);
  const std::uint64_t programs = number_from_environment("XDPCAP_PROGRAMS").value_or(60);
  for (std::uint64_t seed = first; seed < first + programs; ++seed) {
    SCOPED_TRACE("XDPCAP_SEED=" + std::to_string(seed));
    Choices choices(seed);
    const CbpfProgram filter = random_program(choices, 1 + choices.below(60));
    std::vector<Bytes> packets;
    for (int i = 0; i < 24; ++i) packets.push_back(random_packet(choices, 14 + choices.below(400)));
    ASSERT_NO_THROW(compare(filter, packets));
    if (HasFatalFailure()) return;
  }
  std::cout << tally_.matches << " matches, " << tally_.others << " non-matches\n";
  EXPECT_GT(tally_.matches, programs);
  EXPECT_GT(tally_.others, programs);
}

// Jumps over it are longer than one instruction can jump.
TEST_F(TracedFilters, MayHaveTheMaximumLength) {
  CbpfProgram filter;
  for (std::uint32_t i = 0; i < 1364; ++i) {
    filter.push_back({0x30, 0, 0, (i % 64) * 5});
    filter.push_back({0x15, 0, 1, (i * 7) % 251});
    filter.push_back({0x06, 0, 0, i == 40 ? 1U : 0U});
  }
  filter.resize(4095, {0x87, 0, 0, 0});
  filter.push_back({0x06, 0, 0, 1});
  ASSERT_EQ(filter.size(), 4096U);
  ASSERT_NO_THROW(compare(filter, {Bytes(400, 250), numbered_packet(400), Bytes(300, 250)}));
}

}  // namespace
}  // namespace xdpcap::test
