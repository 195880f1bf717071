// SPDX-License-Identifier: BSD-3-Clause
// Which programs can be traced, and what is said about the others.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bpf/program_loader.hpp"
#include "bpf/tracing_program.hpp"
#include "bpf/xdp_buff_layout.hpp"
#include "dispatcher.skel.h"
#include "recorder/traced_fixture.hpp"
#include "traced_component.skel.h"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

class TracingProgram : public TracedTest {
 protected:
  static ebpf::Program nothing() {
    ebpf::Assembler code;
    code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, 0);
    code.exit();
    return code.assemble();
  }
  static UniqueFd load(int target) {
    return load_tracing_program("nothing", nothing(), target, TracePoint::exit);
  }
};

std::string error_of(const std::function<void()>& step) {
  try {
    step();
  } catch (const Error& error) {
    return std::string(error.what()) + "; " + error.hint();
  }
  return "no error";
}

TEST_F(TracingProgram, NeedsBtf) {
  ebpf::Assembler code;
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, 1);
  code.exit();
  const UniqueFd plain = load_xdp_program("plain", code.assemble(), {});
  EXPECT_THAT(error_of([&] { load(plain.get()); }), HasSubstr("without BTF"));
}

TEST_F(TracingProgram, NeedsATargetWhoseArgumentIsKnown) {
  EXPECT_THAT(error_of([&] { load(fd("takes_anything")); }),
              HasSubstr("its argument is not a struct xdp_md *"));
}

TEST_F(TracingProgram, TellsWhenThereAreTooMany) {
  std::vector<UniqueFd> programs;
  std::vector<UniqueFd> links;
  const std::string error = error_of([&] {
    for (int i = 0; i < 60; ++i) {
      programs.push_back(load(fd("act")));
      links.push_back(attach_tracing_program(programs.back().get()));
    }
  });
  EXPECT_THAT(error, HasSubstr("too many tracing programs"));
  EXPECT_GE(links.size(), 30U);
}

TEST_F(TracingProgram, StopsWhenItsLinkIsClosed) {
  const Packet packet(60, 2);
  const TracingCapture first(setup());
  {
    const TracingCapture second(setup());
    run(packet);
    EXPECT_EQ(second.counts(2).received, 1U);
  }
  run(packet);
  EXPECT_EQ(first.counts(2).received, 2U);
}

TEST_F(TracingProgram, ReadsTheLayoutOfThisKernel) {
  const XdpBuffLayout layout = read_xdp_buff_layout();
  EXPECT_EQ(layout.data, 0);
  EXPECT_EQ(layout.data_end, 8);
  EXPECT_GT(layout.rxq, 0);
  EXPECT_GT(layout.ifindex, 0);
}

// As libxdp loads programs.
class TracedComponent : public TracingProgram {
 protected:
  void SetUp() override {
    TracingProgram::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(dispatcher_bpf::load(dispatcher_.get()), 0);
    dispatcher_fd_ = bpf_program__fd(dispatcher_->progs.dispatcher);
  }
  void replace(const char* function) {
    bpf_program* drops = component_->progs.drops;
    ASSERT_EQ(bpf_program__set_attach_target(drops, dispatcher_fd_, function), 0);
    ASSERT_EQ(traced_component_bpf::load(component_.get()), 0);
    ASSERT_EQ(traced_component_bpf::attach(component_.get()), 0);
    component_fd_ = bpf_program__fd(drops);
  }

  SkeletonOwner<dispatcher_bpf> dispatcher_{dispatcher_bpf::open()};
  SkeletonOwner<traced_component_bpf> component_{traced_component_bpf::open()};
  int dispatcher_fd_ = -1;
  int component_fd_ = -1;
};

TEST_F(TracedComponent, IsRecordedAsIsItsDispatcher) {
  replace("component");
  TracingSetup of_component = setup();
  of_component.target_fd = component_fd_;
  TracingCapture component(of_component);
  TracingSetup of_dispatcher = setup();
  of_dispatcher.target_fd = dispatcher_fd_;
  TracingCapture dispatcher(of_dispatcher);
  const Packet packet = numbered_packet(100);
  EXPECT_EQ(test_run(dispatcher_fd_, packet).action, std::uint32_t{XDP_DROP});
  for (TracingCapture* capture : {&component, &dispatcher}) {
    const auto records = capture->take();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].bytes, packet);
    EXPECT_EQ(records[0].verdict(), std::uint64_t{XDP_DROP});
  }
}

TEST_F(TracedComponent, ThatReplacesAProgramIsNamedInTheError) {
  replace("dispatcher");
  const UniqueFd program = load(dispatcher_fd_);
  EXPECT_THAT(error_of([&] { attach_tracing_program(program.get()); }),
              HasSubstr("capture that component"));
}

}  // namespace
}  // namespace xdpcap::test
