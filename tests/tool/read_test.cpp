// SPDX-License-Identifier: BSD-3-Clause
// -r: tcpdump and tshark read the same files.
#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <vector>

#include "output/pcapng.hpp"
#include "tool/read_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Lines, as they are without an action in front.
TEST_F(ReadTest, PrintsWhatTcpdumpPrints) {
  const std::vector<Words> styles = {{},
                                     {"-e"},
                                     {"-vvv"},
                                     {"-A"},
                                     {"-AA"},
                                     {"-X"},
                                     {"-XX"},
                                     {"-x"},
                                     {"-xx"},
                                     {"-S"},
                                     {"-t"},
                                     {"-tt"},
                                     {"-ttt"},
                                     {"-tttt"},
                                     {"-q"},
                                     {"-#"},
                                     {"-tttttv"},
                                     {"-nnK"},
                                     {"-H"},
                                     {"-t", "-e", "-v", "-X", "--number"},
                                     {"-u"},
                                     {"-T", "rtp"},
                                     {"-T", "snmp", "-v"},
                                     {"-M", "secret", "-v"},
                                     {"-E", "0x1@10.0.0.1 des-cbc:secret12"}};
  for (const char* name : {"lab-tcp.pcap", "transports.pcap", "damaged.pcap", "null.pcap"}) {
    for (const Words& style : styles) {
      const std::string expected = tcpdump(style, sample(name));
      EXPECT_FALSE(expected.empty());
      EXPECT_EQ(read(style, sample(name)).out, expected) << name << ::testing::PrintToString(style);
    }
  }
}

TEST_F(ReadTest, FiltersAreListedForTheLinkTypeOfTheFile) {
  for (const char* name : {"null.pcap", "lab-tcp.pcap"}) {
    for (const char* option : {"-d", "-dd", "-ddd"}) {
      const std::string expected =
          run({"tcpdump", "-r", sample(name), option, "tcp port 80 or icmp"}).out;
      EXPECT_FALSE(expected.empty());
      EXPECT_EQ(run(tool({"-r", sample(name), option, "tcp port 80 or icmp"})).out, expected);
    }
  }
  EXPECT_EQ(run(tool({"-r", sample("null.pcap"), "-d", "-y", "RAW", "icmp"})).out,
            run({"tcpdump", "-y", "RAW", "-d", "icmp"}).out);
  EXPECT_EQ(run(tool({"-r", "/none", "-d", "icmp"})).exit_code, 2);
}

TEST_F(ReadTest, WordsThatTcpdumpDoesNotTakeAreAnError) {
  const ProcessResult result = read({"-T", "nosuch", "-v"}, sample("lab-udp.pcap"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(
      result.err,
      "xdpcap-cpp: printing packets: the installed tcpdump does not take -v -T nosuch; try them "
      "as in: tcpdump -r FILE -v -T nosuch\n");
}

TEST_F(ReadTest, ReadsEitherByteOrderAndAnyResolution) {
  const std::string ns = files_.path("ns.pcap");
  ASSERT_EQ(run({"editcap", "-F", "nsecpcap", sample("lab-tcp.pcap"), ns}).exit_code, 0);
  for (const std::string& path : {ns, corpus("big-endian"), corpus("lldp.ns"), corpus("lldp.ng")}) {
    const std::string expected = tcpdump({"-tttt", "-X"}, path);
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(read({"-tttt", "-X"}, path).out, expected) << path;
  }
  // Their times are of other millennia.
  for (const char* name : {"big-endian.ng", "two-power.ng"}) {
    const std::string expected = tcpdump({"-t", "-X"}, corpus(name));
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(read({"-t", "-X"}, corpus(name)).out, expected) << name;
  }
}

TEST_F(ReadTest, ReadsCompressedFilesAndPipes) {
  const std::string expected = tcpdump({}, sample("lab-udp.pcap"));
  const std::string tool = std::string(XDPCAP_CPP) + " -q -r ";
  const std::string full = tcpdump({"-q"}, sample("lab-udp.pcap"));
  for (const std::string program : {"gzip", "zstd -q", "lz4 -q"}) {
    const std::string path = files_.path("compressed");  // no suffix says so
    ASSERT_EQ(bash(program + " -c " + sample("lab-udp.pcap") + " >" + path), "");
    EXPECT_EQ(read({}, path).out, expected) << program;
    EXPECT_EQ(bash("cat " + path + " | " + tool + "-"), full) << program;
    EXPECT_EQ(bash(tool + "- <" + path), full) << program;
    // A pipe whose first bytes come one by one.
    EXPECT_EQ(bash("(head -c 1 " + path + "; sleep 0.05; tail -c +2 " + path + ") | " + tool + "-"),
              full)
        << program;
  }
  EXPECT_EQ(bash("cat " + sample("lab-udp.pcap") + " | " + tool + "-"), full);
}

// As --print showed them while they were captured.
TEST_F(ReadTest, PrintsActionsAndCommentsAsTheCaptureDid) {
  const std::string printed = capture({"--ingress", "-#tteX"});
  const Words lines = lines_of(printed);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.front(), AllOf(StartsWith("aborted  "), HasSubstr("  ingress=1")));
  EXPECT_EQ(read({"-#tteX"}, file_).out, printed);
  EXPECT_EQ(read({"-#tteX", "-w", chosen_, "--print"}, file_).out, printed);
  EXPECT_EQ(bash("cmp " + file_ + " " + chosen_ + " 2>&1"), "") << "everything was selected";
  const std::string plain =
      bash("sed -E 's/^.{9}//; s/  ingress=1$//' <<'end'\n" + printed + "end");
  EXPECT_EQ(plain, tcpdump({"-#tteX"}, file_));
}

// xdpcap and xdpdump name their interfaces otherwise.
TEST_F(ReadTest, KnowsTheInterfacesOfOtherTools) {
  const std::string path = files_.path("others.pcapng");
  std::ofstream file(path, std::ios::binary);
  const auto write = [&file](const pcapng::Bytes& block) {
    file.write(reinterpret_cast<const char*>(block.data()),
               static_cast<std::streamsize>(block.size()));
  };
  write(pcapng::section_header({.hardware = "", .os = "", .application = "test"}));
  const Words names = {"XDPPass", "veth0:fw()@fentry", "veth0:fw()@fexit", "eth7"};
  for (const std::string& name : names) {
    write(pcapng::interface_description({.name = name, .description = "", .filter = "", .os = ""}));
  }
  const Packet packet = packet_for(XDP_DROP);
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    write(pcapng::enhanced_packet({.interface_id = i,
                                   .time = i,
                                   .bytes = std::as_bytes(std::span(packet)),
                                   .original_length = static_cast<std::uint32_t>(packet.size()),
                                   .id = i,
                                   .verdict = i == 2 ? std::optional(1U) : std::nullopt}));
  }
  file.close();
  Words firsts;
  for (const std::string& line : lines_of(read({"-ttqe"}, path).out)) {
    if (!line.starts_with(' ')) firsts.push_back(line.substr(0, line.find("0.000")));
  }
  EXPECT_THAT(firsts, ElementsAre("pass     ", "veth0 entry ", "veth0 drop ", "eth7     "));
  const ProcessResult result = run(tool({"-r", path, "-w", chosen_, "--actions", "drop"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(tshark(chosen_, "frame", {"frame.interface_name", "frame.verdict.ebpf_xdp"}),
            "veth0:fw()@fexit\t1\n");
  EXPECT_EQ(run(tool({"-r", path, "-w", chosen_, "-i", "veth0"})).exit_code, 0);
  EXPECT_EQ(read_pcapng(chosen_).packets, 2U);
}

// What is whole is printed.
TEST_F(ReadTest, SaysWhatIsWrongWithAFile) {
  const auto expect_failure = [&](const std::string& path, const std::string& why,
                                  std::size_t lines) {
    const ProcessResult result = read({}, path);
    EXPECT_EQ(result.exit_code, 2) << path;
    EXPECT_THAT(result.err, HasSubstr("reading " + path + ": " + why));
    EXPECT_THAT(lines_of(result.out), SizeIs(lines));
  };
  const std::string path = files_.path("bad");
  const auto make = [&](const std::string& command) { (void)bash(command + " >" + path); };
  make("head -c 1000 " + sample("ports.pcap"));
  expect_failure(path, "the file ends in the middle of a packet; the packets before that are", 15);
  make("head -c 300 " + corpus("lldp.ng"));
  expect_failure(path, "the file ends in the middle of a block; the packets before", 1);
  make("gzip -c " + sample("ports.pcap") + " | head -c 700");
  expect_failure(path, "gzip ended with exit code 1; the compressed file is truncated or corrupt",
                 lines_of(bash("gzip -dcq " + path + " 2>/dev/null | tcpdump -nr -")).size());
  make("echo hello");
  expect_failure(path, "it is not a capture", 0);
  make("true");
  expect_failure(path, "the file is empty", 0);
  expect_failure(files_.path("none"), "No such file or directory", 0);
  make("gzip -c " + sample("ports.pcap"));
  const std::string alone = scripts_.path("alone");
  std::filesystem::create_directory(alone);
  std::filesystem::create_symlink(bash("printf %s $(command -v tcpdump)"), alone + "/tcpdump");
  const ProcessResult result = run({"/usr/bin/env", "PATH=" + alone, XDPCAP_CPP, "-r", path});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("it is compressed, and there is no program gzip; install gzip"));
}

TEST_F(ReadTest, LeavesAnOutputAloneThatItCannotFill) {
  std::ofstream(chosen_) << "precious";
  const auto contents = [this] { return bash("cat " + chosen_); };
  EXPECT_EQ(run(tool({"-r", files_.path("none"), "-w", chosen_})).exit_code, 2);
  EXPECT_EQ(run(tool({"-r", sample("empty.pcap"), "-w", chosen_, "-i", "x"})).exit_code, 1);
  EXPECT_EQ(run(tool({"-r", sample("ports.pcap"), "-w", chosen_, "no", "filter"})).exit_code, 1);
  EXPECT_EQ(contents(), "precious");
  (void)bash("cp " + sample("ports.pcap") + " " + chosen_);
  const ProcessResult same = run(tool({"-r", chosen_, "-w", chosen_}));
  EXPECT_EQ(same.exit_code, 1);
  EXPECT_THAT(same.err, HasSubstr("it is the file to read"));
  EXPECT_EQ(bash("cmp " + sample("ports.pcap") + " " + chosen_), "");
}

TEST_F(ReadTest, EndsWithItsReader) {
  const std::string path = files_.path("long.pcap");  // its lines do not fit into a pipe
  (void)bash("f=" + sample("ports.pcap") +
             "; (cat $f; for i in {1..30}; do tail -c +25 $f; done) >" + path);
  for (const std::string style : {"", "-v ", "-X "}) {
    const std::string command =
        "set -o pipefail; " + std::string(XDPCAP_CPP) + " " + style + "-r " + path + " | head -1";
    const ProcessResult result = run({"bash", "-c", command});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(lines_of(result.out), SizeIs(1));
    EXPECT_THAT(result.err, HasSubstr(" packets were not printed: the reader is gone"));
  }
  // Before the end of the pipe.
  const std::string lines = bash(std::string(XDPCAP_CPP) + " -r - -c 2 < <(exec 2>/dev/null; cat " +
                                 path + "; exec sleep 10)");
  EXPECT_THAT(lines_of(lines), SizeIs(2));
}

TEST_F(ReadTest, ShowsPacketsOfAPipeAtOnce) {
  Process process(
      {"bash", "-c", "(cat " + sample("lldp.pcap") + "; sleep 60) | exec " + XDPCAP_CPP + " -r -"});
  EXPECT_TRUE(eventually([&] { return process.out().find("LLDP") != std::string::npos; }));
  process.signal(SIGTERM);
}

TEST_F(ReadTest, ReplayReadsCompressedFiles) {
  const std::string path = files_.path("in.pcap.zst");
  (void)bash("zstd -qc " + sample("lab-udp.pcap") + " >" + path);
  const ProcessResult result = run(tool({"--replay", path, "--prog", "no-such-program", chosen_}));
  EXPECT_THAT(result.err, HasSubstr("no-such-program")) << "it got as far as that";
  EXPECT_THAT(result.err, Not(HasSubstr("reading")));
}

TEST_F(ReadTest, ColorsActionsWhereItIsTold) {
  capture({});
  EXPECT_THAT(read({}, file_).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(read({"--color", "always"}, file_).out, StartsWith("\x1b[1;31maborted\x1b[0m  "));
  // script(1) makes a terminal.
  const std::string command = std::string(XDPCAP_CPP) + " -r " + file_;
  const auto on_terminal = [&](const std::string& before) {
    return bash("TERM=xterm script -qec '" + before + command + "' /dev/null");
  };
  EXPECT_THAT(on_terminal(""), HasSubstr("\x1b[31mdrop\x1b[0m"));
  EXPECT_THAT(on_terminal("NO_COLOR=1 "), Not(HasSubstr("\x1b[31m")));
}

}  // namespace
}  // namespace xdpcap::test
