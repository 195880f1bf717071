// SPDX-License-Identifier: BSD-3-Clause
// Filters of the maximum length, designed to cost the verifier or the compiler as much as possible.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "filter/differential.hpp"
#include "filter/filter_program.hpp"
#include "filter/random_program.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kMaxLength = 4096;

struct Giant {
  const char* name;
  // What the program repeats, until there is no more room, and what it ends in.
  std::function<CbpfProgram(std::uint32_t)> round;
  CbpfProgram end;
};

const CbpfProgram kReturnA = {{0x16, 0, 0, 0}};

CbpfProgram make(const Giant& giant) {
  // In libpcap, scratch memory that was never written is uninitialised.
  CbpfProgram program = {{0x00, 0, 0, 0}, {0x02, 0, 0, 0}};
  for (std::uint32_t i = 0;; ++i) {
    const CbpfProgram round = giant.round(i);
    if (program.size() + round.size() + giant.end.size() > kMaxLength) break;
    program.insert(program.end(), round.begin(), round.end());
  }
  program.insert(program.end(), giant.end.begin(), giant.end.end());
  return program;
}

std::vector<Giant> giants() {
  return {
      // 2^800 values of X, and the verifier wants to know them all to check the load.
      {"SumInX",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x30, 0, 0, i % 60},
                 {0x15, 0, 3, i % 256},
                 {0x87, 0, 0, 0},
                 {0x04, 0, 0, 1U << (i % 10)},
                 {0x07, 0, 0, 0}};
       },
       {{0x50, 0, 0, 14}, {0x16, 0, 0, 0}}},
      // ... and of scratch memory, to decide a branch.
      {"SumInScratchMemory",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x30, 0, 0, i % 60},
                 {0x15, 0, 3, i % 256},
                 {0x60, 0, 0, 0},
                 {0x04, 0, 0, 1U << (i % 10)},
                 {0x02, 0, 0, 0}};
       },
       {{0x60, 0, 0, 0}, {0x25, 0, 1, 1000}, {0x06, 0, 0, 0}, {0x06, 0, 0, 1}}},
      {"HeaderLengths",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0xb1, 0, 0, i % 60}, {0x50, 0, 0, i % 250}, {0x15, 0, 0, i % 256}};
       },
       kReturnA},
      {"LoadsPastX",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x50, 0, 0, i % 200}};
       },
       kReturnA},
      {"PointersThroughThePacket",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x50, 0, 0, i % 30}, {0x07, 0, 0, 0}};
       },
       kReturnA},
      {"DivisionsAndShifts",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x50, 0, 0, i % 60}, {0x54, 0, 0, 31}, {0x44, 0, 0, 1},
                 {0x07, 0, 0, 0},      {0x3c, 0, 0, 0},  {0x6c, 0, 0, 0}};
       },
       kReturnA},
      {"ShrinkingOffsets",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x30, 0, 0, 8000 - i * 5}, {0x15, 0, 1, i % 256}, {0x06, 0, 0, 1}};
       },
       kReturnA},
      {"GrowingOffsets",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x30, 0, 0, i * 40}, {0x15, 0, 1, i % 256}, {0x06, 0, 0, 1}};
       },
       kReturnA},
      {"NothingButJumps",
       [](std::uint32_t i) -> CbpfProgram {
         if (i == 0) return {{0x28, 0, 0, 20}};
         return {{0x35, static_cast<std::uint8_t>(i % 7 == 0 ? 3 : 0), 0, i * 13}};
       },
       {{0x35, 2, 0, 0x8000}, {0x06, 0, 0, 0}, {0x06, 0, 0, 0}, {0x06, 0, 0, 1}}},
      {"AllScratchMemory",
       [](std::uint32_t i) -> CbpfProgram {
         return {{0x30, 0, 0, i % 60},
                 {0x02, 0, 0, i % 16},
                 {0x61, 0, 0, (i * 5) % 16},
                 {0x1d, 0, 1, 0},
                 {0x0c, 0, 0, 0}};
       },
       kReturnA},
  };
}

class GiantFilter : public ::testing::TestWithParam<Giant> {};

TEST_P(GiantFilter, AgreesWithLibpcap) {
  const CbpfProgram program = make(GetParam());
  validate(program);
  ASSERT_GT(program.size(), kMaxLength - 8);
  const Where where = can_load_programs() ? Where::kernel : Where::interpreter;
  const CompiledFilter filter(program, where);
  Tally tally;
  Choices choices(1);
  for (std::size_t size = 0; size < 40; ++size) {
    ASSERT_EQ(filter.mismatch(random_packet(choices, size * size * 6), tally), "");
  }
  EXPECT_GT(tally.matches, 0U);
  EXPECT_GT(tally.others, 0U);
  std::cout << "at most " << filter.verified_instructions() << " verifier steps, " << tally.matches
            << " matches, " << tally.others << " non-matches\n";
}

INSTANTIATE_TEST_SUITE_P(All, GiantFilter, ::testing::ValuesIn(giants()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RandomGiants, AgreeWithLibpcap) {
  const Where where = can_load_programs() ? Where::kernel : Where::interpreter;
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Choices choices(seed);
    const CompiledFilter filter(random_program(choices, kMaxLength), where);
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(filter.mismatch(random_packet(choices, choices.below(200)), tally), "");
    }
  }
  EXPECT_GT(tally.matches, 0U);
  EXPECT_GT(tally.others, 0U);
}

}  // namespace
}  // namespace xdpcap::test
