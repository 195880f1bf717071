// SPDX-License-Identifier: BSD-3-Clause
// xdpcap.h, included in every possible order and run by the kernel: a stand-in recorder in a slot
// proves that the exit went through the hook.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "hook/legacy_object.hpp"
#include "hook/marker.hpp"
#include "support/bpf_object.hpp"

namespace xdpcap {
namespace {

using test::BpfObject;

constexpr int kMarked = 100;  // a marker in slot n returns kMarked + n
constexpr std::uint32_t kSlots = 5;

std::string object_path(const std::string& name) {
  return std::string(BPF_OBJECTS) + "/" + name + ".o";
}

BpfObject load(const std::string& name) {
  return test::load_bpf_object(object_path(name));
}

std::uint32_t action_of(int program, std::uint8_t first, std::uint8_t second = 0) {
  return run_program(program, {first, second}).action;
}

// The exit goes through the slot of its action while that is filled, and returns the action
// itself before and after.
void expect_tail_calls(int program, int hook, std::uint32_t slot) {
  const auto first = static_cast<std::uint8_t>(slot);
  EXPECT_EQ(action_of(program, first), slot) << "before";
  put_into_slot(hook, slot, load_marker(kMarked + static_cast<int>(slot)).get());
  EXPECT_EQ(action_of(program, first), kMarked + slot) << "while captured";
  ASSERT_EQ(bpf_map_delete_elem(hook, &slot), 0);
  EXPECT_EQ(action_of(program, first), slot) << "after";
}

class HookHeader : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam().find("vmlinux") != std::string::npos &&
        !std::filesystem::exists(object_path(GetParam()))) {
      GTEST_SKIP() << "no /sys/kernel/btf/vmlinux when this was built";
    }
    object_ = load(GetParam());
  }
  std::optional<BpfObject> object_;
};

TEST_P(HookHeader, ConstantActionTailCallsItsSlot) {
  for (std::uint32_t slot = 0; slot < kSlots; slot++) {
    SCOPED_TRACE(slot);
    expect_tail_calls(object_->program("constant"), object_->map("hook_a"), slot);
  }
}

TEST_P(HookHeader, RunTimeActionTailCallsItsSlot) {
  for (std::uint32_t slot = 0; slot < kSlots; slot++) {
    SCOPED_TRACE(slot);
    expect_tail_calls(object_->program("run_time"), object_->map("hook_a"), slot);
  }
}

TEST_P(HookHeader, EveryReturnOfAWrappedProgramTailCallsItsSlot) {
  for (std::uint32_t slot = 0; slot < kSlots; slot++) {
    SCOPED_TRACE(slot);
    expect_tail_calls(object_->program("wrapped"), object_->map("hook_a"), slot);
  }
}

TEST_P(HookHeader, ActionWithoutASlotIsReturned) {
  EXPECT_EQ(action_of(object_->program("constant"), 99), 77U);
  EXPECT_EQ(action_of(object_->program("run_time"), 200), 200U);
}

TEST_P(HookHeader, AnotherSlotDoesNotMatter) {
  put_into_slot(object_->map("hook_a"), XDP_PASS, load_marker(kMarked).get());
  EXPECT_EQ(action_of(object_->program("branches"), 1), XDP_DROP);
  EXPECT_EQ(action_of(object_->program("branches"), 0), kMarked);
}

TEST_P(HookHeader, HooksOfOneProgramAreSeparate) {
  put_into_slot(object_->map("hook_b"), XDP_DROP, load_marker(kMarked).get());
  EXPECT_EQ(action_of(object_->program("two_hooks"), XDP_DROP, 'a'), XDP_DROP);
  EXPECT_EQ(action_of(object_->program("two_hooks"), XDP_DROP, 'b'), kMarked);
}

TEST_P(HookHeader, ProgramsShareAHook) {
  put_into_slot(object_->map("hook_a"), XDP_DROP, load_marker(kMarked).get());
  for (const char* program : {"constant", "branches", "run_time", "two_hooks"}) {
    EXPECT_EQ(action_of(object_->program(program), XDP_DROP), kMarked) << program;
  }
}

TEST_P(HookHeader, PacketIsWrittenBeforeTheExit) {
  put_into_slot(object_->map("hook_a"), XDP_TX, load_marker(kMarked).get());
  const test::TestRun result = run_program(object_->program("rewrite"), {1, 2, 3});
  EXPECT_EQ(result.action, kMarked);
  EXPECT_EQ(result.packet.front(), 0xab);
  EXPECT_EQ(result.packet.back(), 0xcd);
}

std::vector<std::string> variants() {
  std::vector<std::string> names;
  for (const char* types : {"linux", "vmlinux", "neither", "reasons"}) {
    for (const char* helpers : {"none", "before", "after"}) {
      if (types == std::string("neither") && helpers == std::string("before")) continue;
      for (const char* level : {"O1", "O2", "Os"}) {
        names.push_back(std::string("hooked_") + types + "_" + helpers + "_" + level);
      }
    }
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Includes, HookHeader, testing::ValuesIn(variants()),
                         [](const auto& variant) { return variant.param; });

// For each tail call of a program, its index if that is known at compile time, or -1.
std::vector<int> constant_indices(const bpf_program* program) {
  std::vector<int> indices;
  const bpf_insn* code = bpf_program__insns(program);
  for (std::size_t i = 1; i < bpf_program__insn_cnt(program); i++) {
    if (code[i].code != (BPF_JMP | BPF_CALL) || code[i].imm != BPF_FUNC_tail_call) continue;
    const bpf_insn& before = code[i - 1];
    const bool constant =
        before.code == (BPF_ALU64 | BPF_MOV | BPF_K) && before.dst_reg == BPF_REG_3;
    indices.push_back(constant ? before.imm : -1);
  }
  return indices;
}

TEST(HookCode, EachConstantExitKeepsACallWithAConstantIndex) {
  for (const char* level : {"O1", "O2", "Os"}) {
    const BpfObject object = load(std::string("hooked_linux_before_") + level);
    EXPECT_THAT(constant_indices(object.find_program("constant")),
                testing::UnorderedElementsAre(0, 1, 2, 3, 4, 77));
    EXPECT_THAT(constant_indices(object.find_program("branches")),
                testing::UnorderedElementsAre(1, 2));
    EXPECT_THAT(constant_indices(object.find_program("run_time")), testing::ElementsAre(-1));
  }
}

std::vector<std::uint8_t> jited_code(int program) {
  std::vector<std::uint8_t> code(1 << 16);
  bpf_prog_info info{};
  info.jited_prog_insns = reinterpret_cast<std::uintptr_t>(code.data());
  info.jited_prog_len = static_cast<std::uint32_t>(code.size());
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &size) != 0) throw system_error("info", errno);
  code.resize(info.jited_prog_len);
  return code;
}

// Filling a slot changes the machine code of a program that names the slot as a constant: the
// kernel writes a jump over the no-op. Where the index is only known at run time, or the slot is
// another's, the code stays.
TEST(HookCode, KernelPatchesADirectJumpForAConstantAction) {
#ifndef __x86_64__
  GTEST_SKIP() << "only the JIT of x86-64 makes direct jumps of tail calls";
#endif
  const BpfObject object = load("hooked_linux_before_O2");
  const auto constant = jited_code(object.program("hooked"));
  const auto run_time = jited_code(object.program("run_time"));
  if (constant.empty()) GTEST_SKIP() << "no JIT here, or its code is not shown";

  put_into_slot(object.map("hook_a"), XDP_PASS, load_marker(kMarked).get());
  EXPECT_EQ(jited_code(object.program("hooked")), constant) << "the slot is not its own";

  const UniqueFd marker = load_marker(kMarked);
  put_into_slot(object.map("hook_a"), XDP_DROP, marker.get());
  for (int wait = 0; wait < 500 && jited_code(object.program("hooked")) == constant; wait++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(jited_code(object.program("hooked")), constant);
  EXPECT_EQ(jited_code(object.program("run_time")), run_time);
}

TEST(OldStyle, LoadsAndTailCallsAsALegacyLoaderDoesIt) {
  for (const char* name : {"old_style", "old_style_own_definition", "old_style_their_header"}) {
    SCOPED_TRACE(name);
    const LegacyObject object = load_legacy_object(object_path(name));
    EXPECT_EQ(action_of(object.program.get(), 1), XDP_DROP);
    EXPECT_EQ(action_of(object.program.get(), 9), XDP_PASS);
    // Attach type 0, which is BPF_CGROUP_INET_INGRESS: such loaders set none.
    put_into_slot(object.hook.get(), XDP_DROP, load_marker(kMarked, bpf_attach_type{}).get());
    EXPECT_EQ(action_of(object.program.get(), 1), kMarked);
    EXPECT_EQ(action_of(object.program.get(), 9), XDP_PASS);
  }
}

}  // namespace
}  // namespace xdpcap
