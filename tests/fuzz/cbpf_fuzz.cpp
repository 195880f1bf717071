// SPDX-License-Identifier: BSD-3-Clause
// The input is a classic BPF program, 8 bytes for each instruction as in struct sock_filter,
// followed by a packet. libpcap accepts whatever validate() accepts, and both agree on the packet.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "base/error.hpp"
#include "filter/differential.hpp"
#include "filter/oracle.hpp"

namespace {

using namespace xdpcap;

[[noreturn]] void fail(const std::string& what, const CbpfProgram& program) {
  (void)std::fprintf(stderr, "%s\n%s", what.c_str(),
                     to_string(program, CbpfFormat::assembly).c_str());
  std::abort();
}

CbpfProgram make_program(std::span<const std::uint8_t> bytes) {
  CbpfProgram program(bytes.size() / sizeof(CbpfInstruction));
  static_assert(sizeof(CbpfInstruction) == 8);
  if (!program.empty()) std::memcpy(program.data(), bytes.data(), program.size() * 8);
  return program;
}

// With zeros in its scratch memory before it begins: libpcap's interpreter leaves there what it
// finds on its stack, the compiled filter has zeros, and the kernel takes no program that reads
// what it did not write.
CbpfProgram with_scratch(const CbpfProgram& program) {
  constexpr std::uint16_t kStore = 2;  // BPF_ST; A is 0 at first
  CbpfProgram longer;
  for (std::uint32_t i = 0; i < kCbpfScratchWords; ++i) longer.push_back({kStore, 0, 0, i});
  longer.insert(longer.end(), program.begin(), program.end());
  return longer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span input(data + 1, size - 1);
  const std::size_t instructions = std::min<std::size_t>(data[0], input.size() / 8);
  const CbpfProgram program = make_program(input.first(instructions * 8));
  try {
    validate(program);
  } catch (const Error&) {
    return 0;
  }
  if (!test::libpcap_accepts(program)) fail("libpcap refuses what validate() takes", program);
  try {
    const test::CompiledFilter filter(with_scratch(program), test::Where::interpreter);
    test::Tally tally;
    const auto packet = input.subspan(instructions * 8);
    if (const std::string wrong = filter.mismatch(packet, tally); !wrong.empty()) {
      fail(wrong, program);
    }
  } catch (const Error& error) {
    fail(error.what(), program);
  }
  return 0;
}
