// SPDX-License-Identifier: BSD-3-Clause
// The output of --list while captures run that have no hook.
#include <gmock/gmock.h>

#include <string>

#include "bpf/program_info.hpp"
#include "support/kernel_knowledge.hpp"
#include "tool/lab_fixture.hpp"
#include "tool/tracing_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HooklessList : public LabTest {
 protected:
  HooklessList() { LabFixture::load(std::string(BPF_OBJECTS) + "/hookless.o"); }

  void capture(const std::string& source, const std::string& point) {
    start_command(tool({"-i", source, "--at", point, "-w", file_, kOnlyTestFrames}));
  }
  static std::string list() { return run(tool({"--list"})).out; }
  // What jq finds in each entry of the kind.
  static std::string found(const std::string& kind, const std::string& query) {
    const ProcessResult result = run(
        {"sh", "-c",
         "\"$0\" --list --json | jq -r --arg kind \"$1\" '.[] | select(.kind == $kind) | '\"$2\"",
         XDPCAP_CPP, kind, query});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  [[nodiscard]] std::string pid() const { return std::to_string(capture_->pid()); }
  [[nodiscard]] std::string place() const { return middle_.name() + "/m0 (native)"; }
};

class TracedList : public HooklessList {
 protected:
  void SetUp() override { skip_without_tracing(program("hookless")); }
};

// As ip shows it.
std::string xdp_program_on(const Namespace& where, const std::string& interface) {
  const std::string text = run(where.inside({"ip", "-d", "link", "show", interface})).out;
  const std::string before = "prog/xdp id ";
  const std::size_t at = text.find(before);
  return at == std::string::npos ? "none"
                                 : std::to_string(std::stoi(text.substr(at + before.size())));
}

TEST_F(HooklessList, AnInterfaceWithARecorder) {
  capture("m0@" + middle_.name(), "exit");
  const std::string id = xdp_program_on(middle_, "m0");
  EXPECT_THAT(list(),
              HasSubstr(place() + ": a recorder, program " + id +
                        " xdpcap_attached\n  capture pass: xdpcap-cpp (pid " + pid() + ")\n"));
  EXPECT_EQ(found("interface",
                  ".programs[0].attachments[0].interface, (.captures[0] | .action, .program_id, "
                  ".processes[0].pid)"),
            "m0\npass\n" + id + "\n" + pid() + "\n");
  EXPECT_EQ(end_capture().exit_code, 0);
  EXPECT_THAT(list(), Not(HasSubstr(place())));
}

// Before Linux 5.13 without the program.
TEST_F(TracedList, AProgramThatIsTraced) {
  attach(middle_, "m0", program("hookless"));
  const std::string id = std::to_string(program_info(program("hookless")).id);
  capture("prog:" + id, "both");
  const std::string capture_line = ": xdpcap-cpp (pid " + pid() + ")\n";
  if (links_tell_targets()) {
    EXPECT_THAT(list(), HasSubstr("program " + id + " hookless: " + place() +
                                  "\n  capture entry, exit" + capture_line));
    EXPECT_EQ(found("program", ".programs[0].id"), id + "\n");
  } else {
    EXPECT_THAT(list(), HasSubstr("a program that the kernel does not tell before Linux 5.13\n"
                                  "  capture exit" +
                                  capture_line));
  }
  EXPECT_EQ(found("program", ".captures[] | .at, .processes[0].pid"),
            "entry\n" + pid() + "\nexit\n" + pid() + "\n");
  EXPECT_EQ(end_capture().exit_code, 0);
  EXPECT_THAT(list(), Not(HasSubstr(capture_line)));
}

}  // namespace
}  // namespace xdpcap::test
