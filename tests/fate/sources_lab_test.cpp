// SPDX-License-Identifier: BSD-3-Clause
// The fates of the packets of several sources: two programs with a hook each, on m0 and on m1.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "fate/fate_lab.hpp"
#include "support/bpf_object.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FatesOfSources : public FateLab {
 protected:
  FatesOfSources() {
    let_right_receive();
    fill(0, "m1");
    attach(middle_, "m1", on_m1_.program("by_first_byte"));
    pins_.pin(on_m1_.map("hook"), "hook1");
  }

  // Three packets from the left that arrive, and two from the right that have no target.
  void capture_both(const std::string& option) {
    start_command(tool({option, "--fate", "-i", hook0_, "-i", hook1_, "-w", file_}));
    send(std::vector<Packet>(3, frame_for(TRY_DEVMAP, 0)));
    const PacketSocket from_right(right_, "r0");
    for (int i = 0; i < 2; ++i) from_right.send(frame_for(TRY_DEVMAP, 5));
    ASSERT_TRUE(eventually([&] {
      const std::uint32_t key = 0;
      std::uint64_t count = 0;
      return bpf_map_lookup_elem(on_m1_.map("seen"), &key, &count) == 0 && count == 2;
    }));
  }
  // The numbers behind the name of a row.
  [[nodiscard]] static std::vector<unsigned> row(const std::string& text, const std::string& name) {
    const std::size_t begin = text.find(name + " ");
    if (begin == std::string::npos) return {};
    std::istringstream line(
        text.substr(begin + name.size(), text.find('\n', begin) - begin - name.size()));
    std::vector<unsigned> numbers;
    for (unsigned number = 0; line >> number;) numbers.push_back(number);
    return numbers;
  }

  BpfObject on_m1_ = load_bpf_object(BPF_OBJECT);
  std::string hook0_ = pins_.path("hook");
  std::string hook1_ = pins_.path("hook1");
  std::string through_ = device("m0") + " -> " + device("m1");
  std::string nowhere_ = device("m1") + " -> -";
};

const std::vector<unsigned> kThrough = {3, 0, 3, 0};
const std::vector<unsigned> kNowhere = {0, 2, 0, 0};

TEST_F(FatesOfSources, AreToldApartInTheTable) {
  capture_both("--only-failed");
  ASSERT_NO_FATAL_FAILURE(end());
  EXPECT_THAT(err_, HasSubstr("source: from -> to"));
  EXPECT_EQ(row(err_, hook0_ + ": " + through_), kThrough) << err_;
  EXPECT_EQ(row(err_, hook1_ + ": " + nowhere_), kNowhere) << err_;
  EXPECT_THAT(err_, HasSubstr("    2 aborted: "));
}

// The contents of the Interface Statistics Block (section 4.6) of an interface.
std::string statistics_block(const std::string& file, std::uint32_t interface) {
  constexpr std::uint32_t kStatistics = 5;
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, file.data() + at, sizeof(value));
    return value;
  };
  for (std::size_t at = 0; at + 12 <= file.size(); at += word(at + 4)) {
    if (word(at) == kStatistics && word(at + 8) == interface) return file.substr(at, word(at + 4));
  }
  return {};
}

// In the statistics block of the source and action, without the name of the source.
TEST_F(FatesOfSources, AreToldApartInTheFile) {
  capture_both("--only-failed");
  ASSERT_NO_FATAL_FAILURE(end());
  constexpr std::uint32_t kSlots = 8;  // of each hook
  const std::string contents = read_file(file_);
  for (std::uint32_t interface = 0; interface < 2 * kSlots; ++interface) {
    const std::string block = statistics_block(contents, interface);
    const bool is_through = interface == XDP_REDIRECT;
    const bool is_nowhere = interface == kSlots + XDP_ABORTED;
    ASSERT_NE(block, "") << interface;
    EXPECT_EQ(row(block, through_), is_through ? kThrough : std::vector<unsigned>()) << interface;
    EXPECT_EQ(row(block, nowhere_), is_nowhere ? kNowhere : std::vector<unsigned>()) << interface;
  }
  EXPECT_THAT(contents, Not(HasSubstr("source: from")));
}

TEST_F(FatesOfSources, AreToldApartInJson) {
  capture_both("--json");
  const ProcessResult result = end_capture();
  const auto fates = [&](const std::string& source) {
    return run({"sh", "-c",
                "printf '%s' \"$1\" | tail -n 1 | jq -c --arg s \"$2\" '.sources[$s].fates'", "sh",
                result.out, source})
        .out;
  };
  EXPECT_EQ(fates(hook0_), R"([{"from":")" + device("m0") + R"(","to":")" + device("m1") +
                               R"(","redirected":3,"refused":0,"sent":3,"dropped":0,"reasons":{}}])"
                               "\n");
  EXPECT_EQ(fates(hook1_), R"([{"from":")" + device("m1") +
                               R"(","to":"-","redirected":0,"refused":2,"sent":0,"dropped":0,)" +
                               R"("reasons":{"aborted":2}}])"
                               "\n");
}

TEST_F(FatesOfSources, OneIsNotNamed) {
  start_command(tool({"--fate", "-i", hook0_, "-w", file_}));
  send({frame_for(TRY_DEVMAP, 0)});
  ASSERT_NO_FATAL_FAILURE(end());
  EXPECT_THAT(err_, HasSubstr("\nfrom -> to "));
  EXPECT_THAT(err_, HasSubstr("\n" + through_ + " "));
}

}  // namespace
}  // namespace xdpcap::test
