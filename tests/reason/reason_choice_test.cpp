// SPDX-License-Identifier: BSD-3-Clause
// Packets that are chosen by their reasons (--reason).
#include <linux/bpf.h>

#include <filesystem>
#include <string>
#include <vector>

#include "reason/reason_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

class ReasonChoiceTest : public ReasonTest {
 protected:
  // Two packets of each of three reasons, and two without.
  ProcessResult capture_with(const std::vector<std::string>& options) {
    std::filesystem::remove(file_);
    Process capture(this->capture(options));
    EXPECT_TRUE(wait_until_live(capture, file_)) << capture.err();
    for (const int way : {NO_REASON, FIRST_REASON, SECOND_REASON, RULE}) {
      for (std::uint32_t i = 0; i < 2; ++i) send(Of::told, way, XDP_DROP, 5 + i);
    }
    return end(capture);
  }
};

TEST_F(ReasonChoiceTest, ByTextOrPlace) {
  for (const std::string& wanted :
       {std::string("first"), place_of("first"), "./src/" + place_of("first")}) {
    const Summary summary = parse_summary(capture_with({"--reason", wanted}).err);
    EXPECT_EQ(summary.received, 8U);
    EXPECT_EQ(summary.matched, 2U) << wanted;
    EXPECT_EQ(summary.captured, 2U);
    for (const ReadPacket& packet : read_with_tshark(file_)) {
      EXPECT_EQ(without_place(packet.comment), R"(reason="first")");
    }
  }
}

TEST_F(ReasonChoiceTest, BySeveral) {
  capture_with({"--reason", "first", "--reason", place_of("rule")});
  EXPECT_EQ(expect_right_comments(file_), 4U);
}

TEST_F(ReasonChoiceTest, IsRefusedIfThereIsNoSuchReason) {
  const ProcessResult result = run(capture({"--reason", "frist"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--reason: the captured programs do not give the reason "
                                    "\"frist\"; they give: "));
  EXPECT_THAT(result.err, HasSubstr("\"first\" (" + place_of("first") + ")"));
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_EQ(filled_slots(hook_path_), 0U);
}

TEST_F(ReasonChoiceTest, IsRefusedIfTheProgramGivesNone) {
  const UniqueFd hook = create_hook();
  const HookedProgram program(hook.get(), kFlavours.front());
  pins_.pin(hook.get(), "plain");
  const ProcessResult result = run(tool({"--reason", "first", pins_.path("plain"), file_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--reason: the captured programs give no reasons; "));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

// All packets that reached the hook, whatever the filter says.
TEST_F(ReasonChoiceTest, DoesNotChangeTheTable) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--json"}, {"--json", "--reason", "rule"}}) {
    const ProcessResult result = capture_with(options);
    const std::string first = place_of("first");
    EXPECT_THAT(
        result.out,
        HasSubstr(R"({"action":"drop","packets":2,"reason":"first","file":"told.bpf.c","line":)" +
                  first.substr(first.find(':') + 1) + "}"));
    EXPECT_THAT(result.out, HasSubstr(R"({"action":"drop","packets":2,"reason":null}])"));
    EXPECT_THAT(result.err, HasSubstr("drop             2  rule (" + place_of("rule") + ")\n"));
  }
}

}  // namespace
}  // namespace xdpcap::test
