// SPDX-License-Identifier: BSD-3-Clause
// Reasons from the program to the file, for packets that say which reason they must have.
#include <linux/bpf.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>
#include <utility>

#include "process/cpus.hpp"
#include "reason/reason_fixture.hpp"
#include "support/cpu.hpp"
#include "support/environment.hpp"
#include "support/pcapng_file.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST_F(ReasonTest, IsNotedWithItsPlaceAndNumber) {
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send(Of::told, FIRST_REASON, XDP_DROP);
  send(Of::told, RULE, XDP_PASS, 4294967295);
  send(Of::told, NO_REASON, XDP_PASS);
  send(Of::wrapped, FIRST_REASON, XDP_TX);
  const ProcessResult result = end(capture);
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 4U);
  EXPECT_EQ(packets[0].comment, "reason=\"first\" at=" + place_of("first"));
  EXPECT_EQ(packets[1].comment, "reason=\"rule\" at=" + place_of("rule") + " rule=4294967295");
  EXPECT_EQ(packets[2].comment, "");
  EXPECT_EQ(packets[3].comment, "reason=\"set\" at=" + place_of("set"));
  EXPECT_THAT(result.err, HasSubstr("action     packets  reason\n"
                                    "drop             1  first (" +
                                    place_of("first") + ")\n"));
  EXPECT_THAT(result.err, HasSubstr("pass             1  (none)\n"));
}

TEST_F(ReasonTest, AreCountedInTheFile) {
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (int i = 0; i < 3; ++i) send(Of::told, FIRST_REASON, XDP_DROP);
  send(Of::told, FIRST_REASON, XDP_PASS);
  end(capture);
  const std::string place = " (" + place_of("first") + ")";
  const std::string bytes = read_file(file_);
  EXPECT_THAT(bytes, HasSubstr("drop             3  first" + place));
  EXPECT_THAT(bytes, HasSubstr("pass             1  first" + place));
}

TEST_F(ReasonTest, OfConstantActions) {
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (const int way : {FIRST_REASON, RULE, NO_REASON}) {
    test_run(told_.program("constant"), packet(Of::told, way, 0, 7));
  }
  end(capture);
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(without_place(packets[0].comment), R"(reason="first, constant")");
  EXPECT_EQ(without_place(packets[1].comment), R"(reason="rule, constant" rule=7)");
  EXPECT_EQ(packets[2].comment, "");
}

const std::uint64_t kEach = number_from_environment("XDPCAP_REASONS").value_or(1500);

// Reasons never mix between packets, programs and CPUs.
class ReasonMixTest : public ReasonTest {
 protected:
  // On all CPUs at once.
  void send_mix(std::vector<Of> programs, std::vector<int> ways, std::uint64_t each) {
    const std::vector<std::uint32_t> cpus = read_cpus().online;
    std::vector<std::thread> threads;
    for (const std::uint32_t cpu : cpus) {
      threads.emplace_back([&, cpu] {
        stay_on_cpu(cpu);
        std::minstd_rand random(cpu + 1);
        const auto one_of = [&](const auto& all) { return all[random() % all.size()]; };
        for (std::uint64_t i = 0; i < each; ++i) {
          send(one_of(programs), one_of(ways), one_of(kActions), random());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    sent_ += each * cpus.size();
  }
  std::size_t sent_ = 0;
};

TEST_F(ReasonMixTest, OfProgramsWithAndWithoutReasons) {
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send_mix({Of::told, Of::wrapped, Of::silent, Of::others},
           {NO_REASON, FIRST_REASON, SECOND_REASON, RULE}, kEach);
  end(capture);
  EXPECT_EQ(expect_right_comments(file_), sent_);
}

// What is stored for a slot without a recorder stays in the word.
TEST_F(ReasonMixTest, WithSomeActionsOnly) {
  Process capture(this->capture({"--actions", "drop"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send_mix({Of::told, Of::wrapped, Of::silent, Of::others},
           {NO_REASON, FIRST_REASON, SECOND_REASON, RULE}, kEach);
  end(capture);
  EXPECT_GT(expect_right_comments(file_), sent_ / 10);
}

// Reasons that no recorder gets to see are not those of the next packet.
TEST_F(ReasonMixTest, OfProgramsThatLeaveInOtherWays) {
  Process capture(this->capture({"--actions", "drop,pass"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send_mix({Of::told, Of::wrapped}, {NO_REASON, FIRST_REASON, RULE, OTHER_HOOK, NO_EXIT}, kEach);
  end(capture);
  EXPECT_GT(expect_right_comments(file_), sent_ / 10);
}

TEST_F(ReasonTest, FromBeforeTheCaptureIsNoPacketsReason) {
  const std::vector<std::uint32_t> cpus = read_cpus().online;
  const auto on_each_cpu = [&](auto&& what) {
    for (const std::uint32_t cpu : cpus) std::thread([&] { stay_on_cpu(cpu), what(); }).join();
  };
  on_each_cpu([&] { send(Of::told, FIRST_REASON, XDP_DROP); });
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  on_each_cpu([&] { send(Of::silent, NO_REASON, XDP_DROP); });
  end(capture);
  EXPECT_EQ(expect_right_comments(file_), cpus.size());
}

// The word of a program that left through another hook may be about this packet, too, for all that
// the recorder knows: no reason is better than a wrong one.
TEST_F(ReasonTest, IsLeftOutIfItIsInDoubt) {
  Process capture(this->capture());
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  stay_on_this_cpu();
  for (const auto& [first, second] : {std::pair(Of::told, Of::others), {Of::others, Of::told}}) {
    send(first, OTHER_HOOK, XDP_DROP);
    send(second, FIRST_REASON, XDP_DROP);
    send(second, FIRST_REASON, XDP_DROP);
  }
  end(capture);
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 4U);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const char* right = i == 1 ? R"(reason="first of the others")" : R"(reason="first")";
    EXPECT_EQ(without_place(packets[i].comment), i % 2 == 0 ? "" : right) << i;
  }
}

// The recorders of the other one see the reason, too.
TEST_F(ReasonMixTest, OfTwoCapturesOfTheSameHook) {
  const std::string second_file = files_.path("second.pcapng");
  Process first(capture());
  ASSERT_TRUE(wait_until_live(first, file_)) << first.err();
  Process second(tool({hook_path_, second_file}));
  ASSERT_TRUE(wait_until_live(second, second_file)) << second.err();
  send_mix({Of::told, Of::silent}, {NO_REASON, FIRST_REASON, RULE}, 500);
  second.signal(SIGINT);
  EXPECT_EQ(second.wait().exit_code, 0);
  end(first);
  EXPECT_EQ(expect_right_comments(file_), sent_);
  EXPECT_EQ(expect_right_comments(second_file), sent_);
}

// A killed capture: its guardian writes the rest.
TEST_F(ReasonMixTest, OfAKilledCapture) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, {"--ingress"}, {"--fate"}}) {
    sent_ = 0;
    const Process capture(this->capture(options));
    ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    send_mix({Of::told, Of::silent}, {NO_REASON, FIRST_REASON, RULE}, 500);
    capture.signal(SIGSTOP);
    send_mix({Of::told, Of::silent}, {NO_REASON, FIRST_REASON, RULE}, 500);
    capture.signal(SIGKILL);
    EXPECT_TRUE(eventually([&] { return filled_slots(hook_path_) == 0; }));
    ASSERT_TRUE(eventually([&] {
      const auto file = read_growing_pcapng(file_);
      return file && file->statistics.size() == kActions.size();
    }));
    if (options.empty()) expect_right_comments(file_);
    EXPECT_EQ(read_bytes(file_).size(), sent_);
    std::filesystem::remove(file_);
  }
}

TEST_F(ReasonMixTest, KeptInMemoryUntilTheyAreWritten) {
  Process capture(this->capture({"--last", "60s"}));
  ASSERT_TRUE(eventually([&] { return filled_slots(hook_path_) == kActions.size(); }));
  ASSERT_TRUE(wait_until_stoppable(capture));
  send_mix({Of::told, Of::silent}, {NO_REASON, FIRST_REASON, RULE}, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  capture.signal(SIGUSR2);
  EXPECT_TRUE(eventually([&] { return !files_in_folder().empty(); })) << capture.err();
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0) << capture.err();
  ASSERT_EQ(files_in_folder().size(), 1U);
  EXPECT_EQ(expect_right_comments(files_in_folder().front()), sent_);
}

TEST_F(ReasonTest, StandsBesideTheOtherComments) {
  for (const std::string option : {"--ingress", "--fate"}) {
    std::filesystem::remove(file_);
    Process capture(this->capture({option}));
    ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    send(Of::told, FIRST_REASON, XDP_DROP);
    send(Of::told, NO_REASON, XDP_DROP);
    end(capture);
    // All comments of a packet, with commas between them.
    const std::string comments =
        must_run({"tshark", "-n", "-r", file_, "-T", "fields", "-e", "frame.comment"});
    const std::string other = option == "--fate" ? "ingress=[^,]* rxq=0[^,\n]*" : "ingress=[0-9]+";
    const std::string reason = "reason=\"first\" at=" + place_of("first");
    const std::string both = option == "--fate" ? reason + "," + other : other + "," + reason;
    EXPECT_THAT(comments, MatchesRegex(both + "\n" + other + "\n"));
  }
}

TEST_F(ReasonTest, IsPrinted) {
  Process capture(tool({"-l", "-n", "-i", hook_path_}));
  EXPECT_TRUE(eventually([&] { return filled_slots(hook_path_) == kActions.size(); }));
  send(Of::told, FIRST_REASON, XDP_DROP);
  EXPECT_TRUE(eventually([&] { return capture.out().find("first") != std::string::npos; }))
      << capture.out() << capture.err();
  capture.signal(SIGINT);
  EXPECT_THAT(capture.wait().out, ContainsRegex("drop.*reason=\"first\" at=" + place_of("first")));
}

}  // namespace
}  // namespace xdpcap::test
