// SPDX-License-Identifier: BSD-3-Clause
// Replays that fail: one helpful line, the right exit code, and an unchanged output, except for the
// packets before the corrupt part of a capture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "bpf/program_loader.hpp"
#include "ebpf/assembler.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "tool/replay_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

const std::string kCapture = "pcaps/lab-tcp.pcap";
constexpr std::string_view kHeld = "what the file held before";

class ReplayErrorTest : public ReplayTest {
 protected:
  ReplayErrorTest() { write_file(file_, std::as_bytes(std::span(kHeld))); }

  static UniqueFd load(const std::string& name, Flavour flavour = kFlavours.front()) {
    ebpf::Assembler code;
    code.alu64(ebpf::Alu::mov, ebpf::Reg::r0, XDP_PASS);
    code.exit();
    return load_xdp_program(name, code.assemble(), flavour);
  }
  void expect_failure(const ProcessResult& result, int code, const std::string& words) {
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(words));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(read_file(file_), kHeld);
  }

  std::string name_ = "rp" + std::to_string(::getpid());
  UniqueFd program_ = load(name_);
};

TEST_F(ReplayErrorTest, ProgramsAreFoundByIdPinAndName) {
  PinFolder pins;
  pins.pin(program_.get(), "program");
  for (const std::string& text : {id_of(program_.get()), pins.path("program"), name_}) {
    const ProcessResult result = replay(kCapture, text);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(read_bytes(file_), read_bytes(kCapture));
  }
}

TEST_F(ReplayErrorTest, ANameOfSeveralProgramsIsRefusedWithTheirIds) {
  const UniqueFd other = load(name_);
  expect_failure(replay(kCapture, name_), 2,
                 "several loaded XDP programs have this name: ids " + id_of(program_.get()) + ", " +
                     id_of(other.get()) + "; say which by its id");
}

TEST_F(ReplayErrorTest, LongNamesAreKnownByWhatTheKernelKeeps) {
  const std::string name = name_ + "_with_a_long_name";
  const UniqueFd other = load(name);
  EXPECT_EQ(replay(kCapture, name).exit_code, 0);
}

TEST_F(ReplayErrorTest, WhatIsNoXdpProgramIsRefused) {
  PinFolder pins;
  const UniqueFd hook = create_hook();
  pins.pin(hook.get(), "hook");
  expect_failure(replay(kCapture, pins.path("hook")), 2, "what is pinned there is no program");
  expect_failure(replay(kCapture, pins.path("none")), 2, "No such file or directory");
  expect_failure(replay(kCapture, "no_such_program"), 2, "no loaded XDP program has this name");
  expect_failure(replay(kCapture, "4000000000"), 2, "no program has this id");
  constexpr std::array<bpf_insn, 2> kReturnZero = {
      bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  const UniqueFd socket_filter(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "other", "GPL",
                                             kReturnZero.data(), kReturnZero.size(), nullptr));
  expect_failure(replay(kCapture, id_of(socket_filter.get())), 2,
                 "it is of type socket_filter, not an XDP program");
}

TEST_F(ReplayErrorTest, AProgramThatTheKernelDoesNotRunLeavesTheOutputAlone) {
  const UniqueFd devmap = load(name_ + "d", {.attach_type = BPF_XDP_DEVMAP});
  expect_failure(replay(kCapture, id_of(devmap.get())), 2,
                 "running the program: Invalid argument; the kernel cannot test-run devmap");
  const std::string jumbo = files_.path("jumbo.pcap");
  write_capture(jumbo, numbered_packet(5000, 1));
  expect_failure(replay(jumbo, id_of(devmap.get())), 2,
                 "running the program: Invalid argument; the kernel cannot test-run devmap");
}

TEST_F(ReplayErrorTest, CapturesThatAreNone) {
  const std::string program = id_of(program_.get());
  expect_failure(replay("/no/such/file", program), 2, "No such file or directory");
  expect_failure(replay("/dev/null", program), 2, "not a regular file");
  expect_failure(replay("README.md", program), 2, "reading README.md: unknown file format");
  expect_failure(replay("pcaps/raw.pcap", program), 2, "add --linktype RAW");
}

TEST_F(ReplayErrorTest, ALinkTypeThatWasSaidIsFine) {
  const ProcessResult result =
      replay("pcaps/raw.pcap", id_of(program_.get()), {"--linktype", "RAW"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(capinfos(file_, "File encapsulation"), "Raw IP");
}

TEST_F(ReplayErrorTest, TheCaptureIsNotOverwritten) {
  const std::string copy = files_.path("copy.pcap");
  std::filesystem::copy_file(kCapture, copy);
  std::filesystem::remove(file_);
  std::filesystem::create_hard_link(copy, file_);
  EXPECT_THAT(replay(copy, id_of(program_.get())).err,
              HasSubstr("it is the capture to replay; name another file"));
  EXPECT_EQ(read_file(copy), read_file(kCapture));
}

TEST_F(ReplayErrorTest, WhatCameBeforeADamageIsKept) {
  const std::string damaged = files_.path("damaged.pcap");
  const std::string whole = read_file(kCapture);
  write_file(damaged, std::as_bytes(std::span(whole)).first(whole.size() - 3));
  const ProcessResult result = replay(damaged, id_of(program_.get()));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("truncated dump file"));
  EXPECT_THAT(result.err, HasSubstr("; the packets before that are in the output\n"));
  auto expected = read_bytes(kCapture);
  expected.pop_back();
  EXPECT_EQ(read_bytes(file_), expected);

  std::filesystem::resize_file(damaged, 24 + 16 + 10);  // in the first packet
  write_file(file_, std::as_bytes(std::span(kHeld)));
  expect_failure(replay(damaged, id_of(program_.get())), 2, "truncated dump file");
}

TEST_F(ReplayErrorTest, AnInterfaceThatIsNotThere) {
  expect_failure(replay(kCapture, id_of(program_.get()), {"--via", "nosuch0"}), 2,
                 "--via nosuch0: No such device; it has to be in this network namespace");
}

}  // namespace
}  // namespace xdpcap::test
