// SPDX-License-Identifier: BSD-3-Clause
// Random programs on random packets: interpreter, kernel and libpcap agree. XDPCAP_SEED sets the
// seed, XDPCAP_PROGRAMS the number of programs.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>

#include "base/error.hpp"
#include "filter/differential.hpp"
#include "filter/random_program.hpp"
#include "support/environment.hpp"

namespace xdpcap::test {
namespace {

void run_random_programs(Where where, std::uint64_t programs) {
  const std::uint64_t first = number_from_environment("XDPCAP_SEED").value_or(1);
  programs = number_from_environment("XDPCAP_PROGRAMS").value_or(programs);
  Tally tally;
  std::size_t mixed = 0;  // programs that said both
  for (std::uint64_t seed = first; seed < first + programs; ++seed) {
    SCOPED_TRACE("XDPCAP_SEED=" + std::to_string(seed) + " XDPCAP_PROGRAMS=1");
    Choices choices(seed);
    const std::size_t length = 1 + choices.below(choices.one_in(10) ? 300 : 40);
    const CbpfProgram program = random_program(choices, length);
    ASSERT_NO_THROW(validate(program)) << to_string(program, CbpfFormat::assembly);
    ASSERT_TRUE(libpcap_accepts(program));
    Tally own;
    try {
      const CompiledFilter filter(program, where, random_offsets(choices));
      for (int i = 0; i < 24; ++i) {
        const Bytes packet = random_packet(choices, choices.below(choices.one_in(3) ? 200 : 70));
        ASSERT_EQ(filter.mismatch(packet, own), "");
      }
    } catch (const Error& error) {
      FAIL() << error.what() << "\n" << to_string(program, CbpfFormat::assembly);
    }
    tally.matches += own.matches;
    tally.others += own.others;
    mixed += own.matches != 0 && own.others != 0 ? 1 : 0;
  }
  if (programs > 100) {
    EXPECT_GT(tally.matches, programs);
    EXPECT_GT(tally.others, programs);
    EXPECT_GT(mixed, programs / 10);
  }
  std::cout << programs << " programs, " << tally.matches << " matches, " << tally.others
            << " non-matches, " << mixed << " programs with both\n";
}

TEST(RandomPrograms, InterpretedAgreeWithLibpcap) {
  run_random_programs(Where::interpreter, 5000);
}

TEST(RandomPrograms, InTheKernelAgreeWithLibpcap) {
  if (!can_load_programs()) GTEST_SKIP() << "may not load BPF programs here";
  run_random_programs(Where::kernel, 2000);
}

}  // namespace
}  // namespace xdpcap::test
