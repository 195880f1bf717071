// SPDX-License-Identifier: BSD-3-Clause
// The input selects a program and packets; interpreter and libpcap agree, for linear packets, for
// packets with fragments, and at offsets. See CMakeLists.txt.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "filter/differential.hpp"
#include "filter/random_program.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xdpcap;
  test::Choices choices(std::span(data, size));
  const std::size_t length = 1 + choices.below(size < 400 ? 60 : 400);
  const CbpfProgram program = test::random_program(choices, length);
  validate(program);
  const test::CompiledFilter filter(program, test::Where::interpreter,
                                    test::random_offsets(choices));
  test::Tally tally;
  for (int i = 0; i < 4; ++i) {
    const auto packet = test::random_packet(choices, choices.below(120));
    if (const std::string wrong = filter.mismatch(packet, tally); !wrong.empty()) {
      (void)std::fputs(wrong.c_str(), stderr);
      std::abort();
    }
  }
  return 0;
}
