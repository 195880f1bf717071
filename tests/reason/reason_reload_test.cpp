// SPDX-License-Identifier: BSD-3-Clause
// The reasons of programs that are loaded while the capture runs.
#include <linux/bpf.h>

#include <filesystem>

#include "reason/reason_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// The hook of another program, which takes the place of the first.
class ReloadTest : public ReasonTest {
 protected:
  // Sends a packet to each of them, and returns how the capture ended.
  ProcessResult reload(const char* name) {
    Process capture(this->capture({"--follow"}));
    if (!wait_until_live(capture, file_)) return capture.wait();
    send(Of::told, FIRST_REASON, XDP_DROP);
    BpfObject newer = object(name);
    newer.load();
    std::filesystem::remove(hook_path_);
    EXPECT_EQ(bpf_obj_pin(newer.map("hook"), hook_path_.c_str()), 0);
    EXPECT_TRUE(eventually([&] { return filled_slots(hook_path_) == kActions.size(); }))
        << capture.err();
    test_run(newer.program("told"), packet(Of::told, FIRST_REASON, XDP_DROP));
    return end(capture);
  }
};

TEST_F(ReloadTest, OfTheSameFileKeepsReasons) {
  const ProcessResult result = reload("told");
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(without_place(packets[0].comment), R"(reason="first")");
  EXPECT_EQ(packets[1].comment, packets[0].comment);
  EXPECT_THAT(result.err, ContainsRegex("\ndrop +2  first "));
  EXPECT_THAT(result.err, Not(HasSubstr("have no reasons")));
}

// Only the guardian, which makes the recorders, could know them.
TEST_F(ReloadTest, OfAnotherFileHasNone) {
  const ProcessResult result = reload("told_newer");
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(without_place(packets[0].comment), R"(reason="first")");
  EXPECT_EQ(packets[1].comment, "");
  EXPECT_THAT(result.err, ContainsRegex("\ndrop +1  \\(none\\)"));
  EXPECT_THAT(
      result.err,
      HasSubstr(hook_path_ + ": packets of the program that was loaded meanwhile have no reasons"));
}

// The recorders stay in the hook.
TEST_F(ReasonTest, IsMissingIfTheHookHasAnotherProgram) {
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  BpfObject newer = object("told_newer");
  ASSERT_EQ(bpf_map__reuse_fd(newer.find_map("hook"), told_.map("hook")), 0);
  newer.load();
  for (BpfObject* one : {&told_, &silent_, &others_}) *one = object("told");
  EXPECT_TRUE(eventually([&] {
    return capture.err().find("packets of the program that was loaded meanwhile have no reasons") !=
           std::string::npos;
  })) << capture.err();
  test_run(newer.program("told"), packet(Of::told, FIRST_REASON, XDP_DROP));
  EXPECT_THAT(end(capture).err, ContainsRegex("\ndrop +1  \\(none\\)"));
  EXPECT_EQ(read_with_tshark(file_).at(0).comment, "");
}

}  // namespace
}  // namespace xdpcap::test
