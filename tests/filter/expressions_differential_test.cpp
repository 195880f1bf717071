// SPDX-License-Identifier: BSD-3-Clause
// Real filters (expressions.txt) over every capture in pcaps/ and over truncated copies of every
// packet: interpreter, kernel and libpcap agree.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "filter/capture_file.hpp"
#include "filter/differential.hpp"
#include "support/environment.hpp"

namespace xdpcap::test {
namespace {

// One in so many expressions is tried: XDPCAP_EXPRESSIONS=20 is for machines that are slow.
std::size_t expression_stride() {
  const std::uint64_t stride = number_from_environment("XDPCAP_EXPRESSIONS").value_or(1);
  if (stride == 0) throw Error("XDPCAP_EXPRESSIONS is not a number from 1 on");
  return stride;
}

std::vector<std::string> read_expressions() {
  std::ifstream file("tests/filter/expressions.txt");
  std::vector<std::string> expressions;
  std::size_t position = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (position++ % expression_stride() == 0) expressions.push_back(line);
  }
  return expressions;
}

// All packets of one link type, each once.
std::map<int, std::set<Bytes>> read_packets() {
  std::map<int, std::set<Bytes>> packets;
  for (const auto& path : all_captures()) {
    const CaptureFile file = read_capture(path);
    packets[file.link_type.dlt].insert(file.packets.begin(), file.packets.end());
  }
  return packets;
}

// The packet itself, and cut where something ends or is about to: through the usual headers byte by
// byte, then ever more coarsely.
std::set<Bytes> with_truncated(const std::set<Bytes>& packets) {
  std::set<Bytes> all;
  for (const Bytes& packet : packets) {
    all.insert(packet);
    for (std::size_t size = 0; size < packet.size(); size += 1 + size / 24) {
      all.emplace(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  return all;
}

// Empty when libpcap does not compile `expression` for this link type.
std::optional<CbpfProgram> compile(const std::string& expression, int dlt) {
  try {
    return compile_filter(expression, LinkType{dlt});
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

struct Totals {
  Tally verdicts;
  std::size_t filters = 0;
  std::size_t with_both = 0;  // filters that matched some packets and not others
};

// Of the packets, one in `stride`; another one for each filter.
void run_over(const std::string& expression, int dlt, const std::set<Bytes>& packets, Where where,
              std::size_t stride, Totals& totals) {
  const std::optional<CbpfProgram> program = compile(expression, dlt);
  if (!program) return;
  SCOPED_TRACE(expression + " on link type " + std::to_string(dlt));
  const CompiledFilter filter(*program, where);
  Tally tally;
  std::size_t position = totals.filters;
  for (const Bytes& packet : packets) {
    if (position++ % stride != 0) continue;
    ASSERT_EQ(filter.mismatch(packet, tally), "");
  }
  ++totals.filters;
  totals.with_both += tally.matches != 0 && tally.others != 0 ? 1 : 0;
  totals.verdicts.matches += tally.matches;
  totals.verdicts.others += tally.others;
}

void run_all(const std::map<int, std::set<Bytes>>& packets, Where where, std::size_t stride) {
  Totals totals;
  for (const std::string& expression : read_expressions()) {
    const std::size_t before = totals.filters;
    for (const auto& [dlt, of_type] : packets) {
      ASSERT_NO_THROW(run_over(expression, dlt, of_type, where, stride, totals)) << expression;
      if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(totals.filters, before) << "no link type takes: " << expression;
  }
  std::cout << totals.filters << " filters, " << totals.with_both << " with both verdicts, "
            << totals.verdicts.matches << " matches, " << totals.verdicts.others
            << " non-matches\n";
  EXPECT_GT(totals.filters, expression_stride() == 1 ? 3000U : 1500U / expression_stride());
  EXPECT_GT(totals.with_both, totals.filters / 4);
  EXPECT_GT(totals.verdicts.matches, totals.filters);
  EXPECT_GT(totals.verdicts.others, totals.filters);
}

TEST(Expressions, InterpretedAgreeWithLibpcapOnTruncatedPacketsToo) {
  std::map<int, std::set<Bytes>> packets;
  for (const auto& [dlt, whole] : read_packets()) packets[dlt] = with_truncated(whole);
  run_all(packets, Where::interpreter, 1);
}

TEST(Expressions, InTheKernelAgreeWithLibpcap) {
  if (!can_load_programs()) GTEST_SKIP() << "may not load BPF programs here";
  // The kernel has seen each instruction many times by then; XDPCAP_ALL_PACKETS=1 takes minutes.
  const bool all = std::getenv("XDPCAP_ALL_PACKETS") != nullptr;
  run_all(read_packets(), Where::kernel, all ? 1 : 4);
}

}  // namespace
}  // namespace xdpcap::test
