// SPDX-License-Identifier: BSD-3-Clause
// The sources that Wireshark is told of, and captures from those that are no pinned hooks.
#include <gmock/gmock.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bpf/program_info.hpp"
#include "bpf/tracing_program.hpp"
#include "tool/lab_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ExtcapSources : public LabTest {
 protected:
  [[nodiscard]] std::string on_middle(const std::string& name) const {
    return name + "@" + middle_.name();
  }
  static std::string list() { return run(tool({"--extcap-interfaces"})).out; }
  [[nodiscard]] std::string list_in_middle() const {
    return run(middle_.inside(tool({"--extcap-interfaces"}))).out;
  }
  static std::string sentence(const std::string& source, const std::string& description) {
    return "interface {value=xdpcap:" + source + "}{display=" + description + "}\n";
  }
  void capture(const std::string& source, const std::vector<std::string>& options = {}) {
    auto command = tool({"--capture", "--extcap-interface", "xdpcap:" + source, "--fifo", file_,
                         "--extcap-capture-filter", kOnlyTestFrames});
    command.insert(command.end(), options.begin(), options.end());
    start_command(command);
  }
  [[nodiscard]] std::vector<Packet> captured() const {
    const ProcessResult result = end_capture();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return read_bytes(file_);
  }
  std::vector<Packet> send(std::uint8_t action) const {
    std::vector<Packet> sent;
    for (unsigned i = 0; i < 3; ++i) {
      sent.push_back(test_frame(action, i));
      from_left_->send(sent.back());
    }
    return sent;
  }
};

TEST_F(ExtcapSources, AnInterfaceWithAHookThatIsPinnedNowhere) {
  load(false);
  attach(middle_, "m0", program("by_first_byte"));
  const std::string m0 = on_middle("m0");
  const std::string expected = sentence(m0, "XDP program by_first_byte on " + m0 + ", by its hook");
  EXPECT_THAT(list(), HasSubstr(expected));
  EXPECT_THAT(list_in_middle(), HasSubstr("{value=xdpcap:m0}"));
  capture(m0, {"--actions", "drop"});
  EXPECT_THAT(list(), HasSubstr(expected)) << "while it is captured";
  send(XDP_PASS);
  const auto sent = send(XDP_DROP);
  EXPECT_EQ(captured(), sent);
  pins_.pin(map("hook"), "hook");
  EXPECT_THAT(list(), Not(HasSubstr("{value=xdpcap:" + m0 + "}"))) << "its hook is listed instead";
  EXPECT_THAT(list(), HasSubstr(sentence(pins_.path("hook"), "XDP hook: by_first_byte on " + m0)));
}

// Of that name, there may be others on the machine; then it is listed by its id.
TEST_F(ExtcapSources, AProgramThatOthersCall) {
  load(false);
  const std::string id = std::to_string(program_info(program("on_device")).id);
  const std::string description =
      "{display=XDP program on_device, on no interface in sight, by its hook}";
  const std::string all = list();
  EXPECT_TRUE(all.find("{value=xdpcap:prog:on_device}" + description) != std::string::npos ||
              all.find("{value=xdpcap:prog:" + id + "}" + description) != std::string::npos)
      << all;
}

// As far as this kernel lets it be traced.
TEST_F(ExtcapSources, AnInterfaceWithoutAHook) {
  LabFixture::load(std::string(BPF_OBJECTS) + "/hookless.o");
  attach(middle_, "m0", program("hookless"));
  const std::string m0 = on_middle("m0");
  const std::string expected = sentence(m0, "XDP program hookless on " + m0 + ", traced");
  try {
    require_tracing(program("hookless"), TracePoint::exit);
  } catch (const Error& refused) {
    EXPECT_EQ(std::getenv("XDPCAP_VM"), nullptr) << refused.what();
    EXPECT_THAT(list(), Not(HasSubstr(m0)));
    return;
  }
  EXPECT_THAT(list(), HasSubstr(expected));
  capture(m0, {"--at", "exit", "--method", ""});
  const auto sent = send(XDP_DROP);
  EXPECT_EQ(captured(), sent);
}

// Of this network namespace only, and none that are down or belong to a bridge.
TEST_F(ExtcapSources, InterfacesWithoutAProgram) {
  middle_.run({"ip", "link", "add", "bridge", "up", "type", "bridge"});
  middle_.run({"ip", "link", "add", "port", "type", "veth", "peer", "name", "away"});
  middle_.run({"ip", "link", "set", "port", "up", "master", "bridge"});
  const std::string expected = sentence("m0", "no XDP program on m0, all that it receives");
  const std::string all = list_in_middle();
  EXPECT_THAT(all, HasSubstr(expected));
  EXPECT_THAT(all, HasSubstr("{value=xdpcap:bridge}"));
  for (const char* other : {"away", "port", "lo", "l0"}) {
    EXPECT_THAT(all, Not(HasSubstr("{value=xdpcap:" + std::string(other) + "}")));
  }
  EXPECT_THAT(list(), Not(HasSubstr(on_middle("m0"))));
}

TEST_F(ExtcapSources, CapturesFromAnInterfaceWithoutAProgram) {
  start_command(middle_.inside(tool({"--capture", "--extcap-interface", "xdpcap:m0", "--fifo",
                                     file_, "--extcap-capture-filter", kOnlyTestFrames})));
  EXPECT_THAT(list_in_middle(), HasSubstr("{value=xdpcap:m0}")) << "while it is captured";
  const auto sent = send(XDP_PASS);
  EXPECT_EQ(captured(), sent);
}

}  // namespace
}  // namespace xdpcap::test
