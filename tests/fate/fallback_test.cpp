// SPDX-License-Identifier: BSD-3-Clause
// Fates on kernels that report less.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fate/fate_lab.hpp"
#include "support/kernel_knowledge.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

class Fallback : public FateLab {
 protected:
  Fallback() {
    let_right_receive();
    fill(0, "m1");
  }
};

// Plain tracepoints report numbers only.
TEST_F(Fallback, ToPlainTracepoints) {
  middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  const std::string down = std::to_string(index("v0"));
  attach(middle_, "v1", program("pass"));
  fill(1, "v0");
  const std::string place = " ingress=" + std::to_string(index("m0")) + " rxq=0";
  const std::string program = trailer().substr(trailer().find(" prog="));
  ASSERT_NO_FATAL_FAILURE(start_without_btf("tracefs"));
  send({frame_for(TRY_DEVMAP, 0), frame_for(TRY_DEVMAP, 1), frame_for(TRY_ABORTED, 0),
        frame_for(TRY_TX, 0)});
  ASSERT_NO_FATAL_FAILURE(stop());
  expect_comments(
      {"fate=redirected to=" + std::to_string(index("m1")) + " via=" + via("devices", 0) + place +
           program,
       "fate=dropped reason=ENETDOWN to=" + down + " via=" + via("devices", 1) + place + program,
       "fate=aborted" + place + program, "fate=queued" + place});
  EXPECT_THAT(err_, HasSubstr("fates with numbers instead of names: "));
  EXPECT_THAT(err_, HasSubstr("1 ENETDOWN: " + down + " is down"));
  EXPECT_THAT(err_, HasSubstr("1 ENXIO: the peer of "));
}

// Who has given up root may not ask for names any more.
TEST_F(Fallback, ToNamesThatWereNotedBefore) {
  ASSERT_NO_FATAL_FAILURE(start({"--fate", "-Z", "nobody"}));
  send({frame_for(TRY_ABORTED, 0)});
  ASSERT_NO_FATAL_FAILURE(stop());
  if (keeps_maps_from_users()) {
    EXPECT_THAT(err_, HasSubstr("fates with numbers instead of names, and without a table: "));
    GTEST_SKIP() << "this kernel keeps names from who has given up root (5.19)";
  }
  expect_comments({"fate=aborted" + trailer()});
}

TEST_F(Fallback, ToACaptureWithoutFates) {
  const std::vector<Packet> frames = {frame_for(TRY_DEVMAP, 0), frame_for(TRY_ABORTED, 0)};
  ASSERT_NO_FATAL_FAILURE(start_without_btf("tmpfs"));
  send(frames);
  ASSERT_NO_FATAL_FAILURE(stop());
  EXPECT_EQ(bytes_, frames);
  expect_comments({"", ""});
  EXPECT_THAT(err_, HasSubstr("no fates in this capture: "));
  EXPECT_THAT(err_, HasSubstr("tracefs is not mounted at /sys/kernel/tracing"));
}

// Without fates there is nothing to choose packets by.
TEST_F(Fallback, ToNothingWhenFatesChoose) {
  Process capture(command_without_btf("tmpfs", {"--only-failed"}));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("tracefs is not mounted at /sys/kernel/tracing"));
  EXPECT_EQ(read_file(file_), "");
}

}  // namespace
}  // namespace xdpcap::test
