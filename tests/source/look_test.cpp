// SPDX-License-Identifier: BSD-3-Clause
// What sources report when the world around them changes: here, without a guardian between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_loader.hpp"
#include "process/guardian.hpp"
#include "source/attached_source.hpp"
#include "source/find_sources.hpp"
#include "source/hook_source.hpp"
#include "source/traced_source.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/xdp_link.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

ebpf::Program program_that_returns(std::uint32_t value) {
  ebpf::Assembler code;
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, static_cast<std::int32_t>(value));
  code.exit();
  return code.assemble();
}

// Recorders that only return.
RecorderFactory factory() {
  return {
      .make = [](XdpAction action, Flavour, int) { return program_that_returns(action.value()); },
      .trace = [](const std::vector<XdpAction>&, TracePoint) { return program_that_returns(0); },
      .note_flavour = [](const Flavour&) {},
      .note_programs = [](const auto&, bool) { return std::vector<std::string>(); }};
}

// A program and its hook, whose name says what it is.
struct Hooked {
  UniqueFd map = create_map(BPF_MAP_TYPE_PROG_ARRAY, "xdpcap_hook", 4, 4, 5);
  HookedProgram program{map.get(), kFlavours.front()};
};

class LookTest : public ::testing::Test {
 protected:
  LookTest() { join(left_, "l0", "10.0.0.1/24", right_, "r0", "10.0.0.2/24"); }

  std::vector<Message> look(Source& source) {
    SourceReports reports(report_, unsent_, 0, [](std::uint32_t) { return false; });
    source.look(reports);
    std::vector<Message> messages;
    while (auto message = ends_[1].receive()) messages.push_back(std::move(*message));
    return messages;
  }
  std::vector<std::string> news(Source& source) {
    std::vector<std::string> lines;
    for (const Message& message : look(source)) {
      if (message.kind == SourceReports::kNews) lines.push_back(message.text);
    }
    return lines;
  }

  void attach(int program_fd) {
    const std::string name = "attached" + std::to_string(pinned_++);
    folder_.pin(program_fd, name);
    left_.run({"ip", "link", "set", "dev", "l0", "xdpdrv", "pinned", folder_.path(name)});
  }
  void detach() const { left_.run({"ip", "link", "set", "dev", "l0", "xdpdrv", "off"}); }
  [[nodiscard]] AttachmentPlace place() const {
    return {.text = "l0", .interface = "l0", .network_namespace = left_.name()};
  }
  [[nodiscard]] static std::unique_ptr<Source> hook_source(int map_fd,
                                                           std::unique_ptr<HookPlace> place) {
    Hook hook = Hook::open_by_id(map_info(map_fd)->id);
    auto source = std::make_unique<HookSource>(
        std::move(hook), HookSource::Plan{.title = {.name = "it", .label = {}, .description = {}},
                                          .actions = {XdpAction(XDP_DROP)},
                                          .place = std::move(place)});
    source->load(factory());
    source->install();
    return source;
  }
  [[nodiscard]] TracedSource traced(bool follow) const {
    return {UniqueFd(::dup(one_.program.fd())),
            {.title = {.name = "l0", .label = {}, .description = {}},
             .actions = {XdpAction(XDP_DROP)},
             .follow = follow,
             .place = place()}};
  }

  Namespace left_, right_;
  PinFolder folder_;
  std::array<MessageSocket, 2> ends_ = MessageSocket::make_pair();
  Guardian::Report report_{ends_[0]};
  std::deque<Message> unsent_;
  Hooked one_, other_;
  int pinned_ = 0;
};

TEST_F(LookTest, AHookIsUnpinnedAndPinnedAgain) {
  folder_.pin(one_.map.get(), "hook");
  const std::string path = folder_.path("hook");
  const auto source = hook_source(one_.map.get(), pin_place(path));
  EXPECT_THAT(news(*source), IsEmpty());
  std::filesystem::remove(path);
  EXPECT_THAT(news(*source),
              ElementsAre("the hook was unpinned from " + path + ": continuing with it"));
  EXPECT_THAT(news(*source), IsEmpty());
  folder_.pin(one_.map.get(), "hook");
  EXPECT_THAT(news(*source), ElementsAre("the hook is pinned at " + path + " again"));
  std::filesystem::remove(path);
  folder_.pin(other_.map.get(), "hook");
  EXPECT_THAT(news(*source), ElementsAre(StartsWith("another hook was pinned at " + path + ": ")));
}

TEST_F(LookTest, AnInterfaceGetsAProgramWithAnotherHook) {
  attach(one_.program.fd());
  const auto source = hook_source(one_.map.get(), interface_place(place()));
  EXPECT_THAT(news(*source), IsEmpty());
  detach();
  EXPECT_THAT(news(*source), ElementsAre("no program with a hook is attached to l0 any more: "
                                         "continuing with the previous hook"));
  attach(one_.program.fd());
  EXPECT_THAT(news(*source), ElementsAre("a program with the hook is attached to l0 again"));
  detach();
  attach(other_.program.fd());
  EXPECT_THAT(news(*source),
              ElementsAre(StartsWith("a program with another hook was attached to l0: still")));
}

TEST_F(LookTest, ATracedProgramIsDetachedAndReplaced) {
  attach(one_.program.fd());
  TracedSource source = traced(false);
  EXPECT_THAT(news(source), IsEmpty());
  detach();
  EXPECT_THAT(news(source), ElementsAre("no program is attached to l0 any more: no packets until "
                                        "the same one is again"));
  attach(one_.program.fd());
  EXPECT_THAT(news(source), ElementsAre("the program that is traced is attached to l0 again"));
  detach();
  attach(other_.program.fd());
  EXPECT_THAT(news(source), ElementsAre(StartsWith("another program was attached to l0: still")));
  EXPECT_THAT(news(source), IsEmpty());
}

// These programs have no BTF.
TEST_F(LookTest, AProgramThatCannotBeTracedIsNotFollowed) {
  attach(one_.program.fd());
  TracedSource source = traced(true);
  EXPECT_THROW(source.load(factory()), Error);
  detach();
  attach(other_.program.fd());
  EXPECT_THAT(news(source), ElementsAre(StartsWith("following the program on l0: tracing l0: ")));
  EXPECT_THAT(news(source), IsEmpty()) << "said twice";
}

class AttachedLookTest : public LookTest {
 protected:
  AttachedLookTest() {
    source_.load(factory());
    EXPECT_THAT(source_.install(), IsEmpty());
    EXPECT_TRUE(source_.is_installed());
    EXPECT_THAT(news(source_), IsEmpty());
  }

  // Reported once, also by the next guardian.
  void expect_news(const std::string& begin) {
    std::vector<Message> messages = look(source_);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_THAT(messages[0].text, StartsWith(begin));
    EXPECT_EQ(source_.receive(std::move(messages[1])).news, "");
    EXPECT_THAT(news(source_), IsEmpty());
  }

  AttachedSource source_{
      {.name = "l0", .label = {}, .description = {}},
      {"l0", left_.name(), static_cast<std::uint32_t>(left_.interface_index("l0"))}};
};

TEST_F(AttachedLookTest, TheInterfaceIsRemoved) {
  left_.run({"ip", "link", "del", "l0"});
  expect_news("the interface l0 was removed: no packets from now on");
  source_.disconnect();
  EXPECT_FALSE(source_.is_connected());
}

TEST_F(AttachedLookTest, TheRecorderIsDetachedByForce) {
  left_.run({"bpftool", "link", "detach", "id", xdp_link_of(::getpid())});
  expect_news("another process detached the recorder from l0: no packets from now on");
  left_.run({"ip", "link", "del", "l0"});
  expect_news("the interface l0 was removed");
}

TEST_F(AttachedLookTest, TheInterfaceIsRenamed) {
  left_.run({"ip", "link", "set", "l0", "down"});
  left_.run({"ip", "link", "set", "l0", "name", "n0"});
  expect_news("the interface l0 was renamed, or moved to another network namespace");
  left_.run({"ip", "link", "set", "n0", "name", "l0"});
  expect_news("the interface l0 is there again, and captured");
}

TEST_F(LookTest, AnInterfaceWithAProgramTakesNoRecorder) {
  attach(one_.program.fd());
  const auto index = static_cast<std::uint32_t>(left_.interface_index("l0"));
  AttachedSource source({.name = "l0", .label = {}, .description = {}},
                        {"l0", left_.name(), index});
  source.load(factory());
  EXPECT_THROW(source.install(), Error);
  EXPECT_FALSE(source.is_installed());
}

TEST_F(LookTest, AnInterfaceWithoutAProgramIsLeftAloneIfAsked) {
  SourceOptions options;
  options.names = {"l0@" + left_.name()};
  EXPECT_THAT(find_sources(options, {}, -1).sources, SizeIs(1));
  options.may_attach = false;
  EXPECT_THROW(static_cast<void>(find_sources(options, {}, -1)), NotFound);
}

}  // namespace
}  // namespace xdpcap::test
