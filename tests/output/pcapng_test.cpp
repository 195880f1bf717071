// SPDX-License-Identifier: BSD-3-Clause
// Every option of every block, as read by Wireshark's tools.
#include "output/pcapng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/capture_reader.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::pcapng {
namespace {

using test::capinfos;
using test::TemporaryFolder;
using test::write_file;
using ::testing::HasSubstr;

// Makes tshark dissect pcapng itself, block by block.
constexpr const char* kAsBlocks = "read_format:MIME Files Format";

void append(Bytes& to, const Bytes& block) {
  to.insert(to.end(), block.begin(), block.end());
}

TEST(Pcapng, HeaderAndInterfacesAreWhatCapinfosReads) {
  const TemporaryFolder folder;
  const std::string path = folder.path("a.pcapng");
  Bytes file = section_header({.hardware = "x86_64", .os = "Linux 6", .application = "a tool"});
  append(file, interface_description({.name = "XDPdrop",
                                      .description = "described",
                                      .filter = "tcp port 80",
                                      .os = "Linux 6.1",
                                      .link_type = 101,
                                      .snaplen = 96,
                                      .comment = "sample=2"}));
  write_file(path, file);
  EXPECT_EQ(capinfos(path, "Capture hardware"), "x86_64");
  EXPECT_EQ(capinfos(path, "Capture oper-sys"), "Linux 6");
  EXPECT_EQ(capinfos(path, "Capture application"), "a tool");
  EXPECT_EQ(capinfos(path, "Name"), "XDPdrop");
  EXPECT_EQ(capinfos(path, "Description"), "described");
  EXPECT_EQ(capinfos(path, "Filter string"), "tcp port 80");
  EXPECT_EQ(capinfos(path, "Operating system"), "Linux 6.1");
  EXPECT_EQ(capinfos(path, "Encapsulation"), "Raw IP (7 - rawip)");
  EXPECT_EQ(capinfos(path, "Capture length"), "96");
  EXPECT_EQ(capinfos(path, "Time precision"), "nanoseconds (9)");
  EXPECT_THAT(test::run({"tshark", "-n", "-X", kAsBlocks, "-r", path, "-V"}).out,
              HasSubstr("Comment: sample=2"));
}

TEST(Pcapng, StatisticsAreWhatTsharkReads) {
  const TemporaryFolder folder;
  const std::string path = folder.path("a.pcapng");
  Bytes file = section_header({.hardware = "", .os = "", .application = ""});
  append(file,
         interface_description({.name = "XDPdrop", .description = "", .filter = "", .os = ""}));
  append(file, interface_statistics({.interface_id = 0,
                                     .start_time = 1'000'000'000'000'000'001,
                                     .end_time = 1'000'000'002'000'000'002,
                                     .received = 100,
                                     .matched = 50,
                                     .lost = 7,
                                     .written = 43}));
  write_file(path, file);
  EXPECT_EQ(capinfos(path, "Number of stat entries"), "1");
  // The raw values.
  const test::ProcessResult result = test::run({"tshark", "-n", "-X", kAsBlocks, "-r", path, "-V"});
  EXPECT_THAT(result.out, HasSubstr("Number of Received Packets: 100"));
  EXPECT_THAT(result.out, HasSubstr("Number of Accepted by Filter Packets: 50"));
  EXPECT_THAT(result.out, HasSubstr("Number of Dropped Packets: 7"));
  EXPECT_THAT(result.out, HasSubstr("Number of Delivered to the User Packets: 43"));
  EXPECT_THAT(result.out, HasSubstr("Timestamp: Sep  9, 2001 01:46:42.000000002 UTC"));
}

TEST(Pcapng, BlocksAreWholeWords) {
  for (const char* name : {"", "a", "ab", "abc", "abcd", "abcde"}) {
    const Bytes block =
        interface_description({.name = name, .description = "", .filter = "", .os = ""});
    EXPECT_EQ(block.size() % 4, 0U) << name;
  }
}

}  // namespace
}  // namespace xdpcap::pcapng
