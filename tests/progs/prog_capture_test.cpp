// SPDX-License-Identifier: BSD-3-Clause
// Every example program as users run it: attached in a lab, natively and generically, with real
// tools sending through it, and with xdpcap-cpp on its hook. The output of the tools, of the
// control plane and of tshark on the captured packets is checked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "base/text.hpp"
#include "progs/capture_scenarios.hpp"
#include "progs/lab.hpp"

namespace xdpcap::test {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

class ProgCapture : public testing::TestWithParam<std::tuple<Scenario, std::string>> {
 protected:
  ~ProgCapture() override { std::filesystem::remove(file_); }

  // The command line of a control plane.
  std::vector<std::string> control(const std::string& command, const std::string& hook) {
    return lab_.script("exec " + bin(command) + " --hook " + hook + " --mode " + mode_);
  }
  // The header is written when the recorders are in the hook.
  bool capture_is_live() const {
    for (int i = 0; i < 1000; ++i) {
      std::error_code error;
      if (std::filesystem::file_size(file_, error) > 0 && !error) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  // A control plane ends by taking its hook's pin away.
  static void expect_end(Command& control) {
    control.signal(SIGINT);
    EXPECT_EQ(control.finish().exit_code, 0) << control.text();
  }
  // The packets of the capture that the scenario is about, a line each.
  std::vector<std::string> packets() const {
    const Output shown = output_of_shell(
        "tshark -n -r " + file_ + " -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y '" +
        scenario_.filter + "' -T fields -E separator=/s -E occurrence=f -e frame.interface_name " +
        scenario_.fields + " 2> /dev/null");
    EXPECT_EQ(shown.exit_code, 0);
    std::vector<std::string> lines;
    for (const std::string_view line : split(shown.text, '\n')) {
      if (!line.empty()) lines.emplace_back(trim(line));
    }
    return lines;
  }

  Scenario scenario_ = std::get<0>(GetParam());
  std::string mode_ = std::get<1>(GetParam());
  Lab lab_{scenario_.topology};
  std::string file_ = "/tmp/xdpcap-prog-" + std::to_string(getpid()) + ".pcapng";
};

TEST_P(ProgCapture, ShowsThePacketsAsTheyLeftTheProgram) {
  // Neighbours are known before a program can ask for them.
  output_of(
      lab_.script("for from in left source; do lab $from ping -c 1 -W 2 "
                  "${LAB_RIGHT_IP:-$LAB_TARGET_IP6}; done"));
  std::optional<Command> helper;
  if (!scenario_.helper.empty()) {
    helper.emplace(control(scenario_.helper, "${HOOK}_helper"));
    ASSERT_TRUE(helper->wait_for("pinned at")) << helper->text();
  }
  Command program(control(scenario_.program, "$HOOK"));
  ASSERT_TRUE(program.wait_for("pinned at")) << program.text();
  Command capture(lab_.script("exec " + bin("xdpcap-cpp") + " " + scenario_.hook + " " + file_));
  ASSERT_TRUE(capture_is_live()) << capture.text();

  const Output traffic = output_of(lab_.script(scenario_.traffic));
  EXPECT_THAT(traffic.text, HasSubstr(scenario_.traffic_shows));
  capture.signal(SIGINT);
  const Output captured = capture.finish();
  EXPECT_EQ(captured.exit_code, 0) << captured.text;
  EXPECT_THAT(captured.text, HasSubstr("0 packets lost"));
  EXPECT_THAT(packets(), ElementsAreArray(scenario_.packets));

  if (helper) expect_end(*helper);
  expect_end(program);
  for (const std::string& text : scenario_.program_says) {
    EXPECT_THAT(program.text(), HasSubstr(text));
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ProgCapture,
                         testing::Combine(testing::ValuesIn(capture_scenarios()),
                                          testing::Values("native", "generic")),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + std::get<1>(test.param);
                         });

}  // namespace
}  // namespace xdpcap::test
