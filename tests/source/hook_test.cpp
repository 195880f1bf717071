// SPDX-License-Identifier: BSD-3-Clause
#include "source/hook.hpp"
#include "source/installation.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/features.hpp"
#include "support/hooked_program.hpp"

namespace xdpcap {
namespace {

using test::create_hook;
using test::HookedProgram;
using test::numbered_packet;
using test::PinFolder;
using ::testing::HasSubstr;

constexpr Flavour kXdp = kFlavours.front();
const std::vector<XdpAction> kAllActions = {XdpAction(0), XdpAction(1), XdpAction(2), XdpAction(3),
                                            XdpAction(4)};

// A recorder that shows that it ran: it returns 100 more than its action.
ebpf::Program tell_tale(XdpAction action, Flavour, int) {
  ebpf::Assembler code;
  code.alu32(ebpf::Alu::mov, ebpf::Reg::r0, static_cast<std::int32_t>(action.value()) + 100);
  code.exit();
  return code.assemble();
}

std::string open_error(const std::string& path) {
  try {
    Hook::open(path);
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

TEST(HookOpen, ReportsWhatItIs) {
  PinFolder folder;
  const UniqueFd map = create_hook(6);
  folder.pin(map.get(), "hook");
  const Hook hook = Hook::open(folder.path("hook"));
  EXPECT_EQ(hook.slots(), 6U);
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  ASSERT_EQ(bpf_obj_get_info_by_fd(map.get(), &info, &length), 0);
  EXPECT_EQ(hook.map_id(), info.id);
}

TEST(HookOpen, SaysWhatIsWrongAndWhatToDo) {
  PinFolder folder;
  EXPECT_THAT(open_error(folder.path("none")), HasSubstr("No such file or directory | load the"));
  EXPECT_THAT(open_error("/no/such/folder/hook"), HasSubstr("--list shows the hooks there are"));
  EXPECT_THAT(open_error("/etc/passwd"), HasSubstr("not in a bpffs"));

  const UniqueFd array = create_map(BPF_MAP_TYPE_ARRAY, "array", 4, 4, 1);
  folder.pin(array.get(), "array");
  EXPECT_THAT(open_error(folder.path("array")), HasSubstr("this one is of type array"));

  const UniqueFd hook = create_hook();
  const HookedProgram program(hook.get(), kXdp);
  folder.pin(program.fd(), "program");
  EXPECT_THAT(open_error(folder.path("program")), HasSubstr("it is not a map"));
}

TEST(HookOwner, IsThereOnceAProgramWasLoaded) {
  PinFolder folder;
  const UniqueFd map = create_hook();
  folder.pin(map.get(), "hook");
  const Hook hook = Hook::open(folder.path("hook"));
  EXPECT_FALSE(hook.has_owner());
  const HookedProgram program(map.get(), kXdp);
  EXPECT_TRUE(hook.has_owner());
}

TEST(HookOwner, HasToBeAnXdpProgram) {
  PinFolder folder;
  const UniqueFd map = create_hook();
  ebpf::Assembler code;  // a socket filter that tail-calls
  code.load_map(ebpf::Reg::r2, map.get());
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r3, 0);
  code.call(BPF_FUNC_tail_call);
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, 0);
  code.exit();
  const ebpf::Program program = code.assemble();
  const UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "socket", "GPL", program.code.data(),
                                  program.code.size(), nullptr));
  ASSERT_TRUE(fd.valid());
  folder.pin(map.get(), "hook");
  EXPECT_THROW((void)Hook::open(folder.path("hook")).has_owner(), Error);
}

// Whether programs of a PROG_ARRAY have to be of one attach type (see Flavour): asked of the kernel
// in another way than the tool does.
bool compares_attach_types() {
  const UniqueFd map = create_hook();
  const HookedProgram owner(map.get(), kXdp);
  const HookedProgram other(create_hook().get(), {.attach_type = 0, .frags = false});
  const std::uint32_t key = 0;
  const int fd = other.fd();
  return bpf_map_update_elem(map.get(), &key, &fd, BPF_ANY) != 0;
}

class InstallationTest : public ::testing::TestWithParam<Flavour> {};

TEST_P(InstallationTest, FindsTheFlavourAndCleansUp) {
  if (GetParam().frags && !has_xdp_load_bytes()) {
    GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  }
  PinFolder folder;
  const UniqueFd map = create_hook();
  folder.pin(map.get(), "hook");
  const HookedProgram program(map.get(), GetParam());
  const Hook hook = Hook::open(folder.path("hook"));
  {
    Installation installation(hook, kAllActions, false, tell_tale);
    for (const XdpAction action : kAllActions) EXPECT_FALSE(hook.program_in(action).has_value());
    installation.fill();
    EXPECT_EQ(installation.flavour().frags, GetParam().frags);
    EXPECT_TRUE(installation.flavour() == GetParam() || !compares_attach_types());
    for (const XdpAction action : kAllActions) EXPECT_TRUE(hook.program_in(action).has_value());
  }
  for (const XdpAction action : kAllActions) EXPECT_FALSE(hook.program_in(action).has_value());
}

INSTANTIATE_TEST_SUITE_P(AllFlavours, InstallationTest, ::testing::ValuesIn(kFlavours));

// A hook that a program uses.
class Installed : public ::testing::Test {
 protected:
  Hook open_hook() {
    folder_.pin(map_.get(), "hook");
    return Hook::open(folder_.path("hook"));
  }

  PinFolder folder_;
  UniqueFd map_ = create_hook();
  HookedProgram program_{map_.get(), kXdp};
  Hook hook_ = open_hook();
};

TEST_F(Installed, TakesPartInEveryAction) {
  std::optional<Installation> installation;
  installation.emplace(hook_, kAllActions, false, tell_tale);
  installation->fill();
  for (std::uint8_t action = 0; action < 5; ++action) {
    test::Packet packet = numbered_packet(64);
    packet[0] = action;
    EXPECT_EQ(program_.run(packet), action + 100U);
  }
  installation->remove();
  EXPECT_EQ(program_.run(numbered_packet(64, XDP_DROP)), std::uint32_t{XDP_DROP});
}

TEST_F(Installed, PutsNothingBackOnceItIsRemoved) {
  Installation installation(hook_, kAllActions, false, tell_tale);
  installation.fill();
  installation.remove();
  EXPECT_TRUE(installation.look().empty());
  for (const XdpAction action : kAllActions) EXPECT_FALSE(hook_.program_in(action).has_value());
}

TEST_F(Installed, NoticesWhatWasPutInWhileItLoaded) {
  Installation first(hook_, {XdpAction(XDP_DROP)}, false, tell_tale);
  std::optional<Installation> second;
  second.emplace(hook_, std::vector{XdpAction(XDP_DROP)}, false, tell_tale);
  first.fill();
  const auto holder = hook_.program_in(XdpAction(XDP_DROP));
  second->fill();
  EXPECT_NE(hook_.program_in(XdpAction(XDP_DROP)), holder);
  second.reset();
  EXPECT_EQ(hook_.program_in(XdpAction(XDP_DROP)), holder);
}

TEST_F(Installed, CanBeHandedOver) {
  Installation installation(hook_, {XdpAction(XDP_DROP)}, false, tell_tale);
  installation.fill();
  const auto first = hook_.program_in(XdpAction(XDP_DROP));
  Installation second(hook_, {XdpAction(XDP_PASS), XdpAction(XDP_DROP)}, false, tell_tale);
  second.fill();
  const Installation::Handover handover = second.hand_over();
  std::vector<UniqueFd> copies;
  for (const int fd : handover.descriptors) copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  Installation other(hook_, handover.layout, std::move(copies));
  EXPECT_EQ(other.flavour(), second.flavour());
  second.forget();
  other.remove();
  EXPECT_EQ(hook_.program_in(XdpAction(XDP_DROP)), first);
  EXPECT_FALSE(hook_.program_in(XdpAction(XDP_PASS)).has_value());
}

TEST_F(Installed, RemovesOnlyItsOwn) {
  std::optional<Installation> first;
  first.emplace(hook_, kAllActions, false, tell_tale);
  first->fill();
  Installation second(hook_, {XdpAction(XDP_DROP)}, true, tell_tale);
  second.fill();
  const auto holder = hook_.program_in(XdpAction(XDP_DROP));
  first.reset();
  EXPECT_EQ(hook_.program_in(XdpAction(XDP_DROP)), holder);
  EXPECT_FALSE(hook_.program_in(XdpAction(XDP_PASS)).has_value());
}

TEST_F(Installed, TakesBackWhatItHadInstalledWhenItFails) {
  const auto fails_late = [](XdpAction action, Flavour flavour, int next) {
    if (action.value() == XDP_TX) throw Error("no recorder for tx");
    return tell_tale(action, flavour, next);
  };
  EXPECT_THROW(Installation(hook_, kAllActions, false, fails_late), Error);
  for (const XdpAction action : kAllActions) EXPECT_FALSE(hook_.program_in(action).has_value());
}

}  // namespace
}  // namespace xdpcap
