// SPDX-License-Identifier: BSD-3-Clause
// Outputs in a folder where others may put files.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tool/writing_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

// In a folder like /tmp, what others have put there is not written to.
class PlantedTest : public WritingTest {
 protected:
  PlantedTest() {
    std::filesystem::create_directory(shared_);
    ::chmod(shared_.c_str(), 01777);
    write_file(target_, {});
  }
  static constexpr uid_t kSomebody = 12345;
  static bool is_growing(const std::string& path) {
    return std::filesystem::exists(path) && std::filesystem::file_size(path) > 0;
  }
  // In the shared folder.
  void expect_only(const std::vector<std::string>& names) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(shared_)) {
      found.push_back(entry.path().filename());
    }
    EXPECT_THAT(found, UnorderedElementsAreArray(names));
  }
  std::string shared_ = files_.path("shared");
  std::string target_ = files_.path("target");
  std::string planted_ = shared_ + "/out.pcap";
};

TEST_F(PlantedTest, ALinkOfSomebodyElseIsNotFollowed) {
  std::filesystem::create_symlink(target_, planted_);
  ASSERT_EQ(::lchown(planted_.c_str(), kSomebody, kSomebody), 0);
  expect_error({hook_path_, planted_}, "it is a symbolic link that user 12345 has put into");
  EXPECT_EQ(std::filesystem::file_size(target_), 0U);
}

TEST_F(PlantedTest, ALinkOfOurOwnIs) {
  std::filesystem::create_symlink(target_, planted_);
  const Process capture(tool({hook_path_, planted_}));
  EXPECT_TRUE(wait_until_live(capture, target_)) << capture.err();
}

TEST_F(PlantedTest, AFileOrFifoOfSomebodyElseIsNotWritten) {
  write_file(planted_, {});
  ASSERT_EQ(::chown(planted_.c_str(), kSomebody, kSomebody), 0);
  expect_error({hook_path_, planted_}, "it is a file that user 12345 has put into");
  ASSERT_EQ(::chmod(shared_.c_str(), 0755), 0);  // here, no other user can have put it there
  const Process capture(tool({hook_path_, planted_}));
  EXPECT_TRUE(wait_until_live(capture, planted_)) << capture.err();
}

TEST_F(PlantedTest, AHardLinkIsNotWritten) {
  std::filesystem::create_hard_link(target_, planted_);  // to a file that is our own
  expect_error({hook_path_, planted_}, "it is a hard link to a file with another name");
  ASSERT_EQ(::chmod(shared_.c_str(), 0755), 0);
  const Process capture(tool({hook_path_, planted_}));
  EXPECT_TRUE(wait_until_live(capture, planted_)) << capture.err();
}

// A file at a predictable name must not end a capture in several files.
TEST_F(PlantedTest, AFileInTheWayOfTheNextIsNotInTheWay) {
  for (const char* name : {"/.out.pcap1.next", "/out.pcap1"}) {
    write_file(shared_ + name, {});
    ASSERT_EQ(::chown((shared_ + name).c_str(), kSomebody, kSomebody), 0);
  }
  Process capture(tool({"-C", "1k", hook_path_, planted_}));
  ASSERT_TRUE(wait_until_live(capture, planted_)) << capture.err();
  for (int i = 0; i < 2; ++i) program_.run(packet_for(XDP_DROP, 1200));
  EXPECT_TRUE(eventually([&] { return is_growing(shared_ + "/out.pcap2"); })) << capture.err();
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  expect_readable(shared_ + "/out.pcap1", 1);
  expect_only({".out.pcap1.next", "out.pcap", "out.pcap1", "out.pcap2"});
}

TEST_F(PlantedTest, AFolderThatIsSwappedRedirectsNothing) {
  const std::string other = files_.path("other");
  std::filesystem::create_directory(other);
  Process capture(tool({"-C", "1k", hook_path_, planted_}));
  ASSERT_TRUE(wait_until_live(capture, planted_)) << capture.err();
  std::filesystem::rename(shared_, files_.path("moved"));
  std::filesystem::create_symlink(other, shared_);
  program_.run(packet_for(XDP_DROP, 1200));
  EXPECT_TRUE(eventually([&] { return is_growing(files_.path("moved/out.pcap1")); }));
  capture.signal(SIGKILL);
  capture.wait();
  EXPECT_TRUE(eventually([&] { return is_complete(files_.path("moved/out.pcap1")); }));
  expect_readable(files_.path("moved/out.pcap"), 1);
  EXPECT_TRUE(std::filesystem::is_empty(other));
}

// As on NFS: the kernel refuses each second opening in the folder, which asks for such a file.
TEST_F(PlantedTest, FileSystemsWithoutUnnamedFiles) {
  Process capture({"strace", "-qq", "-o", files_.path("trace"), "-E", "ASAN_OPTIONS=detect_leaks=0",
                   "-P", shared_, "-e", "inject=openat:error=EOPNOTSUPP:when=1+2", XDPCAP_CPP, "-C",
                   "1k", "-c", "3", hook_path_, planted_});
  ASSERT_TRUE(wait_until_live(capture, planted_)) << capture.err();
  for (int i = 0; i < 3; ++i) program_.run(packet_for(XDP_DROP, 1200));
  EXPECT_EQ(capture.wait().exit_code, 0);
  const std::string trace = read_file(files_.path("trace"));
  EXPECT_THAT(trace,
              HasSubstr("O_TMPFILE, 0600) = -1 EOPNOTSUPP (Operation not supported) (INJECTED"));
  EXPECT_THAT(trace, Not(ContainsRegex("O_TMPFILE, 0600) = [0-9]")));
  expect_only({"out.pcap", "out.pcap1", "out.pcap2"});
}

TEST_F(PlantedTest, TheUmaskMayTakeMoreAway) {
  const Process capture(
      {"sh", "-c", "umask 0277; exec \"$@\"", "sh", XDPCAP_CPP, hook_path_, file_});
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  EXPECT_EQ(std::filesystem::status(file_).permissions(), std::filesystem::perms::owner_read);
}

}  // namespace
}  // namespace xdpcap::test
