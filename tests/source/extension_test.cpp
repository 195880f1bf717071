// SPDX-License-Identifier: BSD-3-Clause
// Programs loaded as by libxdp: each replaces a function of the program on the interface.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "bpf/loaded_program.hpp"
#include "bpf/program_info.hpp"
#include "dispatcher.skel.h"
#include "extension.skel.h"
#include "source/inventory.hpp"
#include "support/bpf_object.hpp"
#include "support/hooked_program.hpp"
#include "support/kernel_knowledge.hpp"
#include "support/network.hpp"

namespace xdpcap::test {
namespace {

using ::testing::SizeIs;

class ExtensionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!links_tell_targets()) {
      GTEST_SKIP() << "before Linux 5.13 a link does not tell its target";
    }
    ASSERT_TRUE(dispatcher_ && extension_);
    ASSERT_EQ(dispatcher_bpf::load(dispatcher_.get()), 0);
    dispatcher_fd_ = bpf_program__fd(dispatcher_->progs.dispatcher);
    ASSERT_EQ(
        bpf_program__set_attach_target(extension_->progs.extension, dispatcher_fd_, "component"),
        0);
    const int error = extension_bpf::load(extension_.get());
    if (error == -EPERM) GTEST_SKIP() << "this kernel loads no EXT programs";
    ASSERT_EQ(error, 0);
    ASSERT_EQ(extension_bpf::attach(extension_.get()), 0) << errno;
    folder_.pin(bpf_map__fd(extension_->maps.hook), "hook");
  }

  SkeletonOwner<dispatcher_bpf> dispatcher_{dispatcher_bpf::open()};
  SkeletonOwner<extension_bpf> extension_{extension_bpf::open()};
  int dispatcher_fd_ = -1;
  PinFolder folder_;
};

TEST_F(ExtensionTest, IsListedWhereItsDispatcherRuns) {
  const Namespace left;
  const Namespace right;
  join(left, "l0", "10.0.0.1/24", right, "r0", "10.0.0.2/24");
  left.call([&] {
    const int interface = left.interface_index("l0");
    ASSERT_EQ(bpf_xdp_attach(interface, dispatcher_fd_, XDP_FLAGS_DRV_MODE, nullptr), 0) << errno;
  });
  const auto hooks = list_hooks();
  const auto hook = std::find_if(hooks.begin(), hooks.end(), [&](const ListedHook& one) {
    return one.path == folder_.path("hook");
  });
  ASSERT_NE(hook, hooks.end());
  ASSERT_THAT(hook->users, SizeIs(1));
  EXPECT_EQ(hook->users[0].name, "extension");
  EXPECT_EQ(hook->users[0].dispatcher.id, program_info(dispatcher_fd_).id);
  EXPECT_EQ(hook->users[0].dispatcher.name, "dispatcher");
  ASSERT_THAT(hook->users[0].attachments, SizeIs(1));
  EXPECT_EQ(hook->users[0].attachments[0].interface, "l0");
}

TEST_F(ExtensionTest, CannotBeReplayedButSaysWhatCan) {
  for (const std::string& text :
       {std::string("extension"),
        std::to_string(program_info(bpf_program__fd(extension_->progs.extension)).id)}) {
    try {
      LoadedProgram::find(text);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), "finding the program " + text +
                                  ": it is part of another program (of type ext), which alone can "
                                  "be run");
      EXPECT_EQ(error.hint(), "name that one: " + std::to_string(program_info(dispatcher_fd_).id));
    }
  }
}

}  // namespace
}  // namespace xdpcap::test
