// SPDX-License-Identifier: BSD-3-Clause
// Hooks that this test creates, among all others on the machine, compared with the output of `ip`
// and bpftool.
#include "source/inventory.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/bpffs.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::test {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Flavour kXdp = kFlavours.front();

bpf_prog_info info_of(int program_fd) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) != 0) throw system_error("info", errno);
  return info;
}

std::optional<ListedHook> find(const std::string& path) {
  const std::vector<ListedHook> hooks = list_hooks();
  const auto found = std::find_if(hooks.begin(), hooks.end(),
                                  [&](const ListedHook& hook) { return hook.path == path; });
  if (found == hooks.end()) return std::nullopt;
  return *found;
}

class Inventory : public ::testing::Test {
 protected:
  Inventory() { folder_.pin(map_.get(), "hook"); }

  [[nodiscard]] ListedHook hook() const { return find(path_).value(); }
  void fill(XdpAction slot, int program_fd) const {
    const std::uint32_t key = slot.value();
    ASSERT_EQ(bpf_map_update_elem(map_.get(), &key, &program_fd, BPF_ANY), 0) << errno;
  }

  PinFolder folder_;
  std::string path_ = folder_.path("hook");
  UniqueFd map_ = create_hook();
};

TEST_F(Inventory, AHookThatNobodyUses) {
  EXPECT_EQ(hook().slots, 5U);
  EXPECT_THAT(hook().users, IsEmpty());
  EXPECT_THAT(hook().filled, IsEmpty());
  const ProcessResult shown = run({"bpftool", "map", "show", "pinned", path_});
  EXPECT_EQ(shown.out.substr(0, shown.out.find(':')), std::to_string(hook().map_id));
}

TEST_F(Inventory, LeavesOutWhatIsNoHook) {
  const UniqueFd array = create_map(BPF_MAP_TYPE_ARRAY, "array", 4, 4, 1);
  folder_.pin(array.get(), "array");
  const HookedProgram program(map_.get(), kXdp);
  folder_.pin(program.fd(), "program");
  EXPECT_EQ(find(folder_.path("array")), std::nullopt);
  EXPECT_EQ(find(folder_.path("program")), std::nullopt);
  EXPECT_THAT(pinned_paths(), Contains(folder_.path("array")));
}

TEST_F(Inventory, TheProgramsThatUseIt) {
  const HookedProgram first(map_.get(), kXdp);
  const HookedProgram second(map_.get(), kXdp);
  const UniqueFd other_map = create_hook();
  const HookedProgram other(other_map.get(), kXdp);
  const ListedHook found = hook();
  ASSERT_THAT(found.users, SizeIs(2));
  EXPECT_EQ(found.users[0].id, info_of(first.fd()).id);
  EXPECT_EQ(found.users[1].id, info_of(second.fd()).id);
  EXPECT_EQ(found.users[0].name, info_of(first.fd()).name);
  EXPECT_THAT(found.users[0].attachments, IsEmpty());
}

// Natively and generically, by netlink, in namespaces with names.
TEST_F(Inventory, TheInterfacesThatRunThem) {
  const Namespace left;
  const Namespace right;
  join(left, "l0", "10.0.0.1/24", right, "r0", "10.0.0.2/24");
  const HookedProgram program(map_.get(), kXdp, XdpAction(XDP_PASS));
  folder_.pin(program.fd(), "program");
  const std::string pin = folder_.path("program");
  left.run({"ip", "link", "set", "dev", "l0", "xdpdrv", "pinned", pin});
  right.run({"ip", "link", "set", "dev", "r0", "xdpgeneric", "pinned", pin});

  const ListedHook found = hook();
  ASSERT_THAT(found.users, SizeIs(1));
  const auto& places = found.users[0].attachments;
  ASSERT_THAT(places, SizeIs(2));
  EXPECT_EQ(places[0].network_namespace, left.name());
  EXPECT_EQ(places[0].interface, "l0");
  EXPECT_EQ(places[0].index, static_cast<unsigned>(left.interface_index("l0")));
  EXPECT_EQ(places[0].mode, XdpMode::native);
  EXPECT_EQ(places[1].network_namespace, right.name());
  EXPECT_EQ(places[1].interface, "r0");
  EXPECT_EQ(places[1].mode, XdpMode::generic);
  // Seen from inside, its own namespace needs no name.
  left.call([&] {
    const auto inside = hook().users.at(0).attachments;
    ASSERT_THAT(inside, SizeIs(2));
    EXPECT_EQ(inside[0].network_namespace, "");
    EXPECT_EQ(inside[0].interface, "l0");
    EXPECT_EQ(inside[1].network_namespace, right.name());
  });
  left.run({"ip", "link", "set", "dev", "l0", "xdpdrv", "off"});
  EXPECT_THAT(hook().users.at(0).attachments, SizeIs(1));
}

// A BPF link is found wherever its interface is; in a namespace without a name (a container), only
// the interface's index is known.
TEST_F(Inventory, LinksInNamespacesOutOfSight) {
  const HookedProgram program(map_.get(), kXdp, XdpAction(XDP_PASS));
  const Namespace there;
  int index = 0;
  UniqueFd link;
  there.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  there.call([&] {
    index = there.interface_index("v0");
    link = UniqueFd(bpf_link_create(program.fd(), index, BPF_XDP, nullptr));
  });
  ASSERT_TRUE(link.valid()) << errno;
  ASSERT_THAT(hook().users.at(0).attachments, SizeIs(1));
  EXPECT_EQ(hook().users[0].attachments[0].mode, XdpMode::native);

  const std::string name = "/run/netns/" + there.name();
  const UniqueFd keep(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::umount2(name.c_str(), MNT_DETACH), 0) << errno;
  ASSERT_THAT(hook().users.at(0).attachments, SizeIs(1));
  const XdpAttachment place = hook().users[0].attachments[0];
  EXPECT_EQ(place.mode, XdpMode::unknown);
  EXPECT_EQ(place.index, static_cast<unsigned>(index));
  EXPECT_EQ(place.interface, "");
}

TEST_F(Inventory, WhoHoldsItsSlots) {
  const HookedProgram user(map_.get(), kXdp);
  const UniqueFd inner_hook = create_hook();
  std::optional<HookedProgram> recorder;
  recorder.emplace(inner_hook.get(), kXdp, XdpAction(XDP_TX));
  fill(XdpAction(XDP_TX), recorder->fd());
  const std::uint32_t id = info_of(recorder->fd()).id;

  ASSERT_THAT(hook().filled, SizeIs(1));
  const SlotProgram slot = hook().filled[0];
  EXPECT_EQ(slot.action, XdpAction(XDP_TX));
  EXPECT_EQ(slot.program_id, id);
  EXPECT_EQ(slot.program_name, info_of(recorder->fd()).name);
  ASSERT_THAT(slot.holders, SizeIs(1));
  EXPECT_EQ(slot.holders[0].pid, ::getpid());
  EXPECT_EQ(slot.holders[0].command, std::string("inventory_test").substr(0, 15));

  recorder.reset();  // the slot keeps the program alive
  ASSERT_THAT(hook().filled, SizeIs(1));
  EXPECT_EQ(hook().filled[0].program_id, id);
  EXPECT_THAT(hook().filled[0].holders, IsEmpty());
}

// Another bpffs, mounted at a place whose name has a space, and once more elsewhere.
TEST_F(Inventory, EveryBpffsOnce) {
  const TemporaryFolder folder;
  const std::string first = folder.path("a bpffs");
  const std::string second = folder.path("again");
  std::filesystem::create_directory(first);
  std::filesystem::create_directory(second);
  ASSERT_EQ(::mount("bpf", first.c_str(), "bpf", 0, nullptr), 0) << errno;
  ASSERT_EQ(::mount(first.c_str(), second.c_str(), nullptr, MS_BIND, nullptr), 0) << errno;
  std::filesystem::create_directory(first + "/deep");
  ASSERT_EQ(bpf_obj_pin(map_.get(), (first + "/deep/hook").c_str()), 0) << errno;
  const auto found = find(first + "/deep/hook");
  const auto again = find(second + "/deep/hook");
  ASSERT_EQ(::umount(second.c_str()), 0);
  ASSERT_EQ(::umount(first.c_str()), 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->map_id, hook().map_id);
  EXPECT_FALSE(again.has_value());
}

}  // namespace
}  // namespace xdpcap::test
