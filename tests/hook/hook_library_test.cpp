// SPDX-License-Identifier: BSD-3-Clause
// xdpcap_hook.h on a real bpffs.
#include "xdpcap_hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "hook/marker.hpp"
#include "support/bpf_object.hpp"

namespace xdpcap {
namespace {

namespace fs = std::filesystem;
using test::BpfObject;
using testing::HasSubstr;

std::uint32_t map_id(int fd) {
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  EXPECT_EQ(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
  return info.id;
}

class HookLibrary : public testing::Test {
 protected:
  HookLibrary() { fs::create_directory(folder_); }
  ~HookLibrary() override { fs::remove_all(folder_); }

  UniqueFd create() { return UniqueFd(xdpcap_hook_create("test_hook", &error_)); }
  static std::uint32_t pinned_id(const std::string& path) {
    const UniqueFd pinned(bpf_obj_get(path.c_str()));
    return pinned.valid() ? map_id(pinned.get()) : 0;
  }
  // An object with the hooks hook_a and hook_b, opened and not loaded.
  static BpfObject open_hooked() { return BpfObject(BPF_OBJECTS "/hooked_linux_before_O2.o"); }

  std::string folder_ = "/sys/fs/bpf/hook_library_test_" + std::to_string(getpid());
  std::string path_ = folder_ + "/hook";
  xdpcap_hook_error error_{};
};

TEST_F(HookLibrary, CreatesWhatTheCaptureToolExpects) {
  const UniqueFd hook = create();
  ASSERT_TRUE(hook.valid()) << error_.message;
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  ASSERT_EQ(bpf_obj_get_info_by_fd(hook.get(), &info, &size), 0);
  EXPECT_EQ(info.type, BPF_MAP_TYPE_PROG_ARRAY);
  EXPECT_EQ(info.key_size, 4U);
  EXPECT_EQ(info.value_size, 4U);
  EXPECT_EQ(info.max_entries, 5U);
  EXPECT_STREQ(info.name, "test_hook");
}

TEST_F(HookLibrary, CreateSaysWhyNot) {
  EXPECT_EQ(xdpcap_hook_create("not/a/name", &error_), -EINVAL);
  EXPECT_STREQ(error_.message, "creating the hook \"not/a/name\": Invalid argument");
}

TEST_F(HookLibrary, PinsAndMakesParentFolders) {
  const UniqueFd hook = create();
  const std::string deep = folder_ + "/a/b/hook";
  ASSERT_EQ(xdpcap_hook_pin(hook.get(), deep.c_str(), 0, &error_), 0) << error_.message;
  EXPECT_EQ(pinned_id(deep), map_id(hook.get()));
}

TEST_F(HookLibrary, PinningAgainChangesNothing) {
  const UniqueFd hook = create();
  ASSERT_EQ(xdpcap_hook_pin(hook.get(), path_.c_str(), 0, &error_), 0);
  EXPECT_EQ(xdpcap_hook_pin(hook.get(), path_.c_str(), 0, &error_), 0) << error_.message;
  EXPECT_EQ(pinned_id(path_), map_id(hook.get()));
}

TEST_F(HookLibrary, ReplacesAStaleHookAndLeavesNothingElse) {
  ASSERT_EQ(xdpcap_hook_pin(create().get(), path_.c_str(), 0, &error_), 0);
  const UniqueFd hook = create();
  ASSERT_EQ(xdpcap_hook_pin(hook.get(), path_.c_str(), 0, &error_), 0) << error_.message;
  EXPECT_EQ(pinned_id(path_), map_id(hook.get()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(HookLibrary, RefusesToReplaceAHookInUseUnlessTold) {
  BpfObject object = open_hooked();
  object.load();
  const int used = object.map("hook_a");
  ASSERT_EQ(xdpcap_hook_pin(used, path_.c_str(), 0, &error_), 0) << error_.message;

  const UniqueFd hook = create();
  EXPECT_EQ(xdpcap_hook_pin(hook.get(), path_.c_str(), 0, &error_), -EBUSY);
  EXPECT_THAT(error_.message, HasSubstr("uses the hook that is there"));
  EXPECT_EQ(pinned_id(path_), map_id(used));

  EXPECT_EQ(xdpcap_hook_pin(hook.get(), path_.c_str(), XDPCAP_HOOK_REPLACE_IN_USE, &error_), 0);
  EXPECT_EQ(pinned_id(path_), map_id(hook.get()));
}

TEST_F(HookLibrary, RefusesToReplaceWhatIsNotAHook) {
  const UniqueFd array(bpf_map_create(BPF_MAP_TYPE_ARRAY, "an_array", 4, 4, 1, nullptr));
  ASSERT_EQ(bpf_obj_pin(array.get(), path_.c_str()), 0);
  for (const unsigned flags : {0U, static_cast<unsigned>(XDPCAP_HOOK_REPLACE_IN_USE)}) {
    EXPECT_EQ(xdpcap_hook_pin(create().get(), path_.c_str(), flags, &error_), -EEXIST);
    EXPECT_THAT(error_.message, HasSubstr("what is there is not a hook"));
  }
  EXPECT_EQ(pinned_id(path_), map_id(array.get()));
  EXPECT_EQ(xdpcap_hook_pin(create().get(), folder_.c_str(), 0, &error_), -EEXIST) << "a folder";

  const std::string program = folder_ + "/program";
  ASSERT_EQ(bpf_obj_pin(load_marker(2).get(), program.c_str()), 0);
  EXPECT_EQ(xdpcap_hook_pin(create().get(), program.c_str(), 0, &error_), -EEXIST);
}

TEST_F(HookLibrary, RefusesToPinWhatIsNotAHook) {
  const UniqueFd array(bpf_map_create(BPF_MAP_TYPE_ARRAY, "an_array", 4, 4, 1, nullptr));
  EXPECT_EQ(xdpcap_hook_pin(array.get(), path_.c_str(), 0, &error_), -EINVAL);
  EXPECT_EQ(xdpcap_hook_pin(-1, path_.c_str(), 0, &error_), -EINVAL);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(HookLibrary, OffBpffsItSaysHowToMountAndMakesNothing) {
  const fs::path outside = fs::temp_directory_path() / ("not_bpffs_" + std::to_string(getpid()));
  fs::create_directory(outside);
  const std::string deep = outside / "a" / "hook";
  EXPECT_EQ(xdpcap_hook_pin(create().get(), deep.c_str(), 0, &error_), -ENOTSUP);
  EXPECT_THAT(error_.message, HasSubstr(outside.string() + " is not on a BPF filesystem"));
  EXPECT_THAT(error_.hint, HasSubstr("mount -t bpf bpf /sys/fs/bpf"));
  EXPECT_TRUE(fs::is_empty(outside));
  fs::remove_all(outside);

  EXPECT_EQ(xdpcap_hook_pin(create().get(), "no_folder", 0, &error_), -ENOTSUP);
  EXPECT_EQ(xdpcap_hook_pin(create().get(), "/at_the_root", 0, &error_), -ENOTSUP);
}

TEST_F(HookLibrary, SaysThatNamesHaveNoDots) {
  for (const std::string name : {"/a.hook", "/a.folder/hook", "/a/b.c/d/hook"}) {
    EXPECT_EQ(xdpcap_hook_pin(create().get(), (folder_ + name).c_str(), 0, &error_), -EINVAL);
    EXPECT_THAT(error_.message, HasSubstr("names on bpffs have no dots")) << name;
  }
}

TEST_F(HookLibrary, TooLongAPathIsAnError) {
  const std::string path = folder_ + std::string(5000, '/') + "hook";
  EXPECT_EQ(xdpcap_hook_pin(create().get(), path.c_str(), 0, &error_), -ENAMETOOLONG);
}

TEST_F(HookLibrary, ALongPathNeedsNoLongStack) {
  const std::string path = folder_ + "/a" + std::string(2500, '/') + "b/hook";
  const UniqueFd hook = create();
  ASSERT_EQ(xdpcap_hook_pin(hook.get(), path.c_str(), 0, &error_), 0) << error_.message;
  EXPECT_EQ(pinned_id(folder_ + "/a/b/hook"), map_id(hook.get()));
}

// As a process with the same id leaves it that is killed between pinning and renaming.
TEST_F(HookLibrary, ReplacesBesideWhatAKilledOneLeft) {
  ASSERT_EQ(xdpcap_hook_pin(create().get(), path_.c_str(), 0, &error_), 0);
  const std::string left = path_ + "_new_" + std::to_string(getpid()) + "_0";
  ASSERT_EQ(bpf_obj_pin(create().get(), left.c_str()), 0);
  const UniqueFd hook = create();
  ASSERT_EQ(xdpcap_hook_pin(hook.get(), path_.c_str(), 0, &error_), 0) << error_.message;
  EXPECT_EQ(pinned_id(path_), map_id(hook.get()));
}

TEST_F(HookLibrary, ThreadsPinAtTheSameTime) {
  ASSERT_EQ(xdpcap_hook_pin(create().get(), path_.c_str(), 0, &error_), 0);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        xdpcap_hook_error error{};
        const UniqueFd hook(xdpcap_hook_create("test_hook", &error));
        if (xdpcap_hook_pin(hook.get(), path_.c_str(), 0, &error) != 0) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(HookLibrary, SaysThatRightsAreMissing) {
  ASSERT_EQ(xdpcap_hook_pin(create().get(), path_.c_str(), 0, &error_), 0);
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (setresuid(kNobody, kNobody, kNobody) != 0) _exit(0);
    _exit(-xdpcap_hook_unpin(-1, path_.c_str(), nullptr));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_THAT(WEXITSTATUS(status), testing::AnyOf(EPERM, EACCES));
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(HookLibrary, ErrorTextIsOptional) {
  EXPECT_EQ(xdpcap_hook_pin(-1, path_.c_str(), 0, nullptr), -EINVAL);
}

TEST_F(HookLibrary, UnpinRemovesOnlyItsOwn) {
  const UniqueFd old = create();
  const UniqueFd fresh = create();
  ASSERT_EQ(xdpcap_hook_pin(fresh.get(), path_.c_str(), 0, &error_), 0);
  EXPECT_EQ(xdpcap_hook_unpin(old.get(), path_.c_str(), &error_), -EEXIST);
  EXPECT_THAT(error_.message, HasSubstr("another hook has taken its place"));
  EXPECT_EQ(pinned_id(path_), map_id(fresh.get()));

  EXPECT_EQ(xdpcap_hook_unpin(fresh.get(), path_.c_str(), &error_), 0) << error_.message;
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(xdpcap_hook_unpin(fresh.get(), path_.c_str(), &error_), 0) << "nothing there";
}

TEST_F(HookLibrary, UnpinOfAnyHookLeavesOtherMaps) {
  ASSERT_EQ(xdpcap_hook_pin(create().get(), path_.c_str(), 0, &error_), 0);
  EXPECT_EQ(xdpcap_hook_unpin(-1, path_.c_str(), &error_), 0);
  EXPECT_FALSE(fs::exists(path_));

  const UniqueFd array(bpf_map_create(BPF_MAP_TYPE_ARRAY, "an_array", 4, 4, 1, nullptr));
  ASSERT_EQ(bpf_obj_pin(array.get(), path_.c_str()), 0);
  EXPECT_EQ(xdpcap_hook_unpin(-1, path_.c_str(), &error_), -EEXIST);
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(HookLibrary, SetPinMakesLibbpfPin) {
  BpfObject object = open_hooked();
  bpf_map* map = object.find_map("hook_a");
  const std::string deep = folder_ + "/a/b/hook";
  ASSERT_EQ(xdpcap_hook_set_pin(map, deep.c_str(), &error_), 0) << error_.message;
  object.load();
  EXPECT_EQ(pinned_id(deep), map_id(bpf_map__fd(map)));
}

TEST_F(HookLibrary, SetPinSharesTheHookOfALoadedProgram) {
  BpfObject first = open_hooked();
  first.load();
  const int used = first.map("hook_a");
  ASSERT_EQ(xdpcap_hook_pin(used, path_.c_str(), 0, &error_), 0);

  BpfObject second = open_hooked();
  bpf_map* map = second.find_map("hook_a");
  ASSERT_EQ(xdpcap_hook_set_pin(map, path_.c_str(), &error_), 0) << error_.message;
  second.load();
  EXPECT_EQ(map_id(bpf_map__fd(map)), map_id(used));
}

// As any loader does that has libbpf's pin_root_path.
TEST_F(HookLibrary, APinnedHookIsPinnedByLibbpfAndSharedByTheNextProgram) {
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.pin_root_path = folder_.c_str();
  const auto load = [&] {
    test::BpfObjectOwner object(bpf_object__open_file(BPF_OBJECTS "/pinned_hook.o", &options));
    EXPECT_EQ(bpf_object__load(object.get()), 0);
    return object;
  };
  const auto first = load();
  const std::uint32_t pinned = pinned_id(folder_ + "/pinned_hook");
  EXPECT_NE(pinned, 0U);
  const auto second = load();
  EXPECT_EQ(map_id(bpf_object__find_map_fd_by_name(second.get(), "pinned_hook")), pinned);
  const int program = bpf_program__fd(bpf_object__find_program_by_name(second.get(), "drop"));
  EXPECT_EQ(run_program(program, {0}).action, XDP_DROP);
  put_into_slot(bpf_object__find_map_fd_by_name(first.get(), "pinned_hook"), XDP_DROP,
                load_marker(100).get());
  EXPECT_EQ(run_program(program, {0}).action, 100U);
}

// A stale hook that was spoilt: an entry of another flavour made it its own. Shared, it would keep
// the program from loading.
TEST_F(HookLibrary, SetPinRemovesAStaleHook) {
  const UniqueFd stale = create();
  put_into_slot(stale.get(), 0, load_marker(0, bpf_attach_type{}).get());
  ASSERT_EQ(xdpcap_hook_pin(stale.get(), path_.c_str(), 0, &error_), 0);

  BpfObject object = open_hooked();
  bpf_map* map = object.find_map("hook_a");
  ASSERT_EQ(xdpcap_hook_set_pin(map, path_.c_str(), &error_), 0) << error_.message;
  object.load();
  EXPECT_NE(pinned_id(path_), map_id(stale.get()));
  EXPECT_NE(pinned_id(path_), 0U);
}

TEST_F(HookLibrary, SetPinRefusesAMapThatIsNotAHook) {
  const BpfObject object(BPF_OBJECTS "/not_a_hook.o");
  bpf_map* map = object.find_map("an_array");
  EXPECT_EQ(xdpcap_hook_set_pin(map, path_.c_str(), &error_), -EINVAL);
  EXPECT_THAT(error_.message, HasSubstr("it is not a hook"));
}

}  // namespace
}  // namespace xdpcap
