// SPDX-License-Identifier: BSD-3-Clause
// The recorder on an interface without a program, when others remove it.
#include <gmock/gmock.h>

#include <string>

#include "support/patience.hpp"
#include "support/xdp_link.hpp"
#include "tool/lab_fixture.hpp"

namespace xdpcap::test {
namespace {

class AttachedTest : public LabTest {
 protected:
  void capture() {
    start_command(tool({"-i", m0_, "-w", file_, kOnlyTestFrames}));
    send();
  }
  void send() const {
    for (unsigned i = 0; i < 2; ++i) from_left_->send(test_frame(XDP_PASS, i));
  }
  void expect_news(const std::string& news) const {
    EXPECT_TRUE(eventually([&] { return capture_->err().find(news) != std::string::npos; }))
        << capture_->err();
  }
  void expect_end() const {
    const ProcessResult result = end_capture();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_summary(result.err).captured, 2U);
  }

  std::string m0_ = "m0@" + middle_.name();
};

TEST_F(AttachedTest, ItIsDetachedByForce) {
  capture();
  const std::string link = xdp_link_of(capture_->pid());
  ASSERT_EQ(run({"bpftool", "link", "detach", "id", link}).exit_code, 0) << link;
  expect_news("another process detached the recorder from " + m0_ + ": no packets from now on");
  send();
  expect_end();
}

TEST_F(AttachedTest, TheInterfaceIsRemoved) {
  capture();
  middle_.run({"ip", "link", "del", "m0"});
  expect_news("the interface " + m0_ + " was removed: no packets from now on");
  expect_end();
}

}  // namespace
}  // namespace xdpcap::test
