// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/program_loader.hpp"

#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Reg;
using ebpf::Size;
using ::testing::HasSubstr;

constexpr Flavour kXdp = kFlavours.front();

TEST(ProgramLoader, GivesTheProgramItsName) {
  Assembler code;
  code.alu64(Alu::mov, Reg::r0, 2);
  code.exit();
  const UniqueFd program = load_xdp_program("a_name_that_is_too_long", code.assemble(), kXdp);
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  ASSERT_EQ(bpf_obj_get_info_by_fd(program.get(), &info, &length), 0);
  EXPECT_STREQ(info.name, "a_name_that_is_");
}

TEST(ProgramLoader, PassesTheVerifiersLastWordsOn) {
  Assembler code;
  code.load(Size::dword, Reg::r0, Reg::r3, 0);  // R3 holds nothing
  code.exit();
  try {
    load_xdp_program("bad", code.assemble(), kXdp);
    FAIL() << "the verifier took a read of an uninitialised register";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("loading bad as xdp: the verifier refused it: "));
    EXPECT_THAT(error.what(), HasSubstr("R3 !read_ok"));
    EXPECT_THAT(std::string(error.what()), ::testing::Not(HasSubstr("\n")));
  }
}

TEST(ProgramLoader, NamesFlavoursAsLibbpfDoes) {
  EXPECT_EQ(kXdp.name(), "xdp");
  EXPECT_EQ((Flavour{BPF_XDP_DEVMAP, true}.name()), "xdp.frags/devmap");
  EXPECT_EQ((Flavour{BPF_XDP_CPUMAP, false}.name()), "xdp/cpumap");
  EXPECT_EQ((Flavour{0, false}.name()), "xdp (attach type 0)");
}

TEST(ProgramLoader, AMapThatCannotBeIsAnError) {
  EXPECT_THROW(create_map(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 4097), Error);
}

}  // namespace
}  // namespace xdpcap
