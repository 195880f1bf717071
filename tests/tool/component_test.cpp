// SPDX-License-Identifier: BSD-3-Clause
// Programs under a dispatcher, as libxdp loads them, on a real link: by their hook where the kernel
// lets recorders in, else by tracing.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/program_info.hpp"
#include "bpf/tracing_program.hpp"
#include "dispatcher.skel.h"
#include "ebpf/assembler.hpp"
#include "extension.skel.h"
#include "support/bpf_object.hpp"
#include "support/capture_reader.hpp"
#include "support/kernel_knowledge.hpp"
#include "support/pcapng_file.hpp"
#include "tool/lab_fixture.hpp"
#include "tool/tracing_fixture.hpp"
#include "traced_component.skel.h"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRefused =
    "its hook cannot work on this kernel: before Linux 6.2 the kernel lets no recorder into the "
    "hooks of programs under a dispatcher";

class ComponentTest : public LabTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(dispatcher_bpf::load(dispatcher_.get()), 0);
    dispatcher_fd_ = bpf_program__fd(dispatcher_->progs.dispatcher);
    skip_without_tracing(dispatcher_fd_);
    if (!IsSkipped()) attach(middle_, "m0", dispatcher_fd_);
  }
  void load_hooked() {
    bpf_program* program = extension_->progs.extension;
    ASSERT_EQ(bpf_program__set_attach_target(program, dispatcher_fd_, "component"), 0);
    ASSERT_EQ(extension_bpf::load(extension_.get()), 0);
    ASSERT_EQ(extension_bpf::attach(extension_.get()), 0) << errno;
    component_id_ = program_info(bpf_program__fd(program)).id;
  }

  [[nodiscard]] std::string m0() const { return "m0@" + middle_.name(); }
  [[nodiscard]] std::string component() const { return "prog:" + std::to_string(component_id_); }
  // What the tool says about the capture of three packets, which are all dropped, at so many
  // programs.
  std::string capture_from(const std::string& source, std::size_t programs = 1) {
    start_command(tool({"-i", source, "-w", file_, kOnlyTestFrames}));
    // Some milliseconds pass between a slot that is filled and the jump into it.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    for (int i = 0; i < 3; ++i) from_left_->send(test_frame(0, 0));
    const bool arrived = eventually([&] {
      const auto file = read_growing_pcapng(file_);
      return file && file->packets == 3 * programs;
    });
    const ProcessResult result = end_capture();
    EXPECT_TRUE(arrived) << result.err;
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  }
  [[nodiscard]] std::vector<std::string> interfaces() const {
    std::vector<std::string> names;
    for (const ReadPacket& one : read_with_tshark(file_)) names.push_back(one.interface);
    return names;
  }

  SkeletonOwner<dispatcher_bpf> dispatcher_{dispatcher_bpf::open()};
  SkeletonOwner<extension_bpf> extension_{extension_bpf::open()};
  int dispatcher_fd_ = -1;
  std::uint32_t component_id_ = 0;
};

TEST_F(ComponentTest, IsTracedWhereItsHookCannotWork) {
  load_hooked();
  const std::string said = capture_from(component());
  if (!components_share_hooks()) {
    EXPECT_THAT(said, HasSubstr(" (extension), traced at its exit, as " + std::string(kRefused)));
  } else {
    EXPECT_THAT(said, HasSubstr("listening on " + component() + " (hook map:"));
  }
  const std::string drop = component() + "/XDPdrop";
  EXPECT_THAT(interfaces(), ElementsAre(drop, drop, drop));
}

TEST_F(ComponentTest, IsRefusedIfOnlyItsHookWillDo) {
  load_hooked();
  if (components_share_hooks()) GTEST_SKIP() << "here its hook works";
  const ProcessResult result =
      run(tool({"-i", component(), "--method", "hook", "-w", file_, kOnlyTestFrames}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr(": before Linux 6.2 the kernel lets no recorder into"));
}

TEST_F(ComponentTest, IsCapturedWithItsDispatcher) {
  load_hooked();
  const std::string said = capture_from(m0(), links_tell_targets() ? 2 : 1);
  const std::vector<std::string> names = interfaces();
  if (!links_tell_targets()) {
    EXPECT_THAT(said, HasSubstr("before Linux 5.13 the kernel does not tell"));
    EXPECT_EQ(names, std::vector<std::string>(3, m0() + "/XDPdrop"));
    return;
  }
  EXPECT_THAT(said, Not(HasSubstr("before Linux")));
  const std::string component = m0() + "/extension/XDPdrop";
  const std::string dispatcher = m0() + "/dispatcher/XDPdrop";
  EXPECT_THAT(names,
              ElementsAre(component, dispatcher, component, dispatcher, component, dispatcher));
}

// Also where its hook is pinned nowhere.
TEST_F(ComponentTest, IsListedWithItsDispatcher) {
  if (!links_tell_targets()) GTEST_SKIP() << "before Linux 5.13 a link does not tell its target";
  load_hooked();
  EXPECT_THAT(
      run(tool({"--list"})).out,
      HasSubstr("program " + std::to_string(component_id_) + " extension (part of program " +
                std::to_string(program_info(dispatcher_fd_).id) +
                " dispatcher): " + middle_.name() + "/m0 (native)\n"));
}

// Tracers of others fill the component.
TEST_F(ComponentTest, IsLeftToItsDispatcherIfItCannotBeCaptured) {
  if (!links_tell_targets()) GTEST_SKIP() << "before Linux 5.13 a link does not tell its target";
  const SkeletonOwner<traced_component_bpf> plain(traced_component_bpf::open());
  bpf_program* program = plain->progs.drops;
  ASSERT_EQ(bpf_program__set_attach_target(program, dispatcher_fd_, "component"), 0);
  ASSERT_EQ(traced_component_bpf::load(plain.get()), 0);
  ASSERT_EQ(traced_component_bpf::attach(plain.get()), 0) << errno;
  ebpf::Assembler code;
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, 0);
  code.exit();
  const ebpf::Program nothing = code.assemble();
  std::vector<std::pair<UniqueFd, UniqueFd>> tracers;
  try {
    for (int i = 0; i < 60; ++i) {
      UniqueFd tracer =
          load_tracing_program("nothing", nothing, bpf_program__fd(program), TracePoint::exit);
      UniqueFd link = attach_tracing_program(tracer.get());
      tracers.emplace_back(std::move(tracer), std::move(link));
    }
  } catch (const Error&) {
  }
  ASSERT_LT(tracers.size(), 60U);
  const std::string said = capture_from(m0());
  EXPECT_THAT(said, HasSubstr("-i " + m0() + "/drops: program "));
  EXPECT_THAT(said, HasSubstr("; only what the dispatcher returns in the end is captured"));
  EXPECT_EQ(interfaces(), std::vector<std::string>(3, m0() + "/dispatcher/XDPdrop"));
  const auto refused = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"-i", m0(), "-w", file_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(run(tool(all)).exit_code, 2);
  };
  refused({"--method", "trace"});
  refused({"-i", "prog:drops"});
}

}  // namespace
}  // namespace xdpcap::test
