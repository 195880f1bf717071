// SPDX-License-Identifier: BSD-3-Clause
// Every kind of failure of a packet after its program, together with a success: every packet must
// have its own fate.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fate/fate_lab.hpp"

namespace xdpcap::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// The second of three frames goes where `key` leads; the others go through.
class Failures : public FateLab {
 protected:
  Failures() {
    let_right_receive();
    fill(0, "m1");
  }
  [[nodiscard]] std::string success() const {
    return "fate=redirected to=" + device("m1") + " via=" + via("devices", 0) + trailer();
  }
  void expect_between(const Packet& frame, const std::string& fate) {
    ASSERT_NO_FATAL_FAILURE(
        capture({frame_for(TRY_DEVMAP, 0, 1), frame, frame_for(TRY_DEVMAP, 0, 3)}));
    expect_comments({success(), fate + trailer(), success()});
  }
};

TEST_F(Failures, MissingKeyOfTheDevmap) {
  expect_between(frame_for(TRY_DEVMAP, 5), "fate=aborted");
  EXPECT_THAT(err_, HasSubstr("bpf_redirect_map() found nothing under its key"));
}

TEST_F(Failures, DeviceDown) {
  middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  attach(middle_, "v1", program("pass"));
  fill(1, "v0");
  expect_between(frame_for(TRY_DEVMAP, 1),
                 "fate=dropped reason=ENETDOWN to=" + device("v0") + " via=" + via("devices", 1));
  EXPECT_THAT(err_, HasSubstr("1 ENETDOWN: " + device("v0") + " is down"));
}

TEST_F(Failures, DeviceGone) {
  middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  const std::uint8_t gone = index("v0");
  fill(1, "v0");
  middle_.run({"ip", "link", "del", "v0"});
  // The kernel takes devices that go out of their maps.
  ASSERT_NO_FATAL_FAILURE(
      capture({frame_for(TRY_DEVMAP, 1), frame_for(TRY_INDEX, gone), frame_for(TRY_DEVMAP, 0)}));
  expect_comments({"fate=aborted" + trailer(),
                   "fate=dropped reason=EINVAL to=" + std::to_string(gone) + trailer(), success()});
}

TEST_F(Failures, LongerThanTheMtu) {
  middle_.run({"ip", "link", "set", "dev", "m1", "mtu", "200"});
  expect_between(frame_for(TRY_DEVMAP, 0, 0, 500),
                 "fate=dropped reason=EMSGSIZE to=" + device("m1") + " via=" + via("devices", 0));
  EXPECT_THAT(err_, HasSubstr("1 EMSGSIZE: frames longer than the MTU of " + device("m1")));
}

TEST_F(Failures, PeerWithoutXdp) {
  middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  for (const char* end : {"v0", "v1"}) middle_.run({"ip", "link", "set", end, "up"});
  fill(1, "v0");
  expect_between(frame_for(TRY_DEVMAP, 1),
                 "fate=dropped reason=EOPNOTSUPP to=" + device("v0") + " via=" + via("devices", 1));
  EXPECT_THAT(err_, HasSubstr("a veth whose peer has no XDP program; attach one there"));
}

TEST_F(Failures, InterfaceThatTakesNoFramesFromXdp) {
  // Without a map the name comes from the namespace, which the tool looks up in /run/netns.
  expect_between(frame_for(TRY_INDEX, index("lo")),
                 "fate=dropped reason=EOPNOTSUPP to=" + device("lo"));
}

TEST_F(Failures, Aborted) {
  expect_between(frame_for(TRY_ABORTED, 0), "fate=aborted");
}

TEST_F(Failures, InvalidAction) {
  expect_between(frame_for(TRY_INVALID, 0), "fate=dropped reason=invalid-action");
  EXPECT_THAT(err_, HasSubstr("the program returned 7, which is not an action"));
}

TEST_F(Failures, PassAndDropHaveNoFateOfTheirOwn) {
  const std::string no_report = "ingress=" + std::to_string(index("m0")) + " rxq=0";
  ASSERT_NO_FATAL_FAILURE(
      capture({frame_for(TRY_PASS, 0), frame_for(TRY_DEVMAP, 0), frame_for(TRY_DROP, 0)}));
  expect_comments({no_report, success(), no_report});
}

// XDP_TX is reported in bulk only: the packets say that they were queued, and the table that they
// did not get anywhere.
TEST_F(Failures, TxIntoAPeerWithoutXdp) {
  ASSERT_NO_FATAL_FAILURE(capture({frame_for(TRY_TX, 0, 1), frame_for(TRY_TX, 0, 2)}));
  const std::string queued = "fate=queued ingress=" + std::to_string(index("m0")) + " rxq=0";
  expect_comments({queued, queued});
  EXPECT_THAT(err_, HasSubstr("2 ENXIO: the peer of " + device("m0") + " has no XDP program"));
}

TEST_F(Failures, TxThatArrives) {
  attach(left_, "l0", program("pass"));
  const std::vector<Packet> frames = {frame_for(TRY_TX, 0, 1), frame_for(TRY_TX, 0, 2)};
  ASSERT_NO_FATAL_FAILURE(start());
  send(frames);
  EXPECT_EQ(from_left_->receive(2), frames);
  ASSERT_NO_FATAL_FAILURE(stop());
  EXPECT_EQ(bytes_, frames);
  EXPECT_THAT(err_, ::testing::ContainsRegex("-> m0[^ ]* +0 +0 +2 +0\n"));
}

TEST_F(Failures, CpumapWithAFullQueue) {
  std::uint32_t key = 0;
  bpf_cpumap_val value{};
  value.qsize = 1;
  ASSERT_EQ(bpf_map_update_elem(map("cpus"), &key, &value, BPF_ANY), 0);
  ASSERT_NO_FATAL_FAILURE(start());
  // As one batch, which is larger than the queue.
  run_live(frame_for(TRY_CPUMAP, 0), 64);
  ASSERT_NO_FATAL_FAILURE(stop());
  ASSERT_EQ(packets_.size(), 64U);
  for (const ReadPacket& packet : packets_) {
    EXPECT_EQ(packet.comment, "fate=redirected to=cpu0 via=" + via("cpus", 0) + trailer());
  }
  EXPECT_THAT(err_, HasSubstr("full: the CPU's queue was full; give the cpumap's entry a larger"));
}

TEST_F(Failures, GenericMode) {
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", program("by_first_byte"), "xdpgeneric");
  middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  ASSERT_NO_FATAL_FAILURE(capture({frame_for(TRY_INDEX, index("v0")), frame_for(TRY_ABORTED, 0),
                                   frame_for(TRY_DEVMAP, 0), frame_for(TRY_INVALID, 0)}));
  expect_comments({"fate=dropped reason=ENETDOWN to=" + device("v0") + trailer(),
                   "fate=aborted" + trailer(), success(),
                   "fate=dropped reason=invalid-action" + trailer()});
}

// The kernel reports the program that is attached, whichever program then used the hook.
TEST_F(Failures, UnderADispatcher) {
  const std::uint32_t key = 0;
  const int hooked = program("by_first_byte");
  ASSERT_EQ(bpf_map_update_elem(map("next"), &key, &hooked, BPF_ANY), 0);
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", program("dispatcher"));
  ASSERT_NO_FATAL_FAILURE(capture({frame_for(TRY_ABORTED, 0)}));
  expect_comments({"fate=aborted" + trailer("dispatcher")});
}

// A device of another namespace, which ours does not know by its index: the name comes with the
// report. The program reaches it through a map that was filled over there.
TEST_F(Failures, DeviceInAnotherNamespace) {
  right_.run({"ip", "link", "add", "far0", "index", "77", "type", "veth", "peer", "name", "far1"});
  const std::uint32_t key = 2;
  const std::uint32_t far = 77;
  right_.call([&] { ASSERT_EQ(bpf_map_update_elem(map("devices"), &key, &far, BPF_ANY), 0); });
  expect_between(frame_for(TRY_DEVMAP, 2),
                 "fate=dropped reason=EOPNOTSUPP to=far0(77) via=" + via("devices", 2));
  EXPECT_THAT(err_, HasSubstr(device("m0") + " -> far0(77) "));
}

// The table on stderr is in the file, too: in the statistics block of the action.
TEST_F(Failures, TheTableStandsInTheFile) {
  ASSERT_NO_FATAL_FAILURE(capture({frame_for(TRY_DEVMAP, 5), frame_for(TRY_INVALID, 0)}));
  const std::string contents = read_file(file_);
  for (const char* line :
       {"    1 aborted: the program returned XDP_ABORTED, or bpf_redirect_map() ",
        "    1 invalid-action: the program returned 7, which is not an action\n"}) {
    EXPECT_THAT(err_, HasSubstr(line));
    EXPECT_THAT(contents, HasSubstr(line));
  }
}

// Small enough for a machine without tshark: tests/vm/run.
TEST_F(Failures, OnThisKernel) {
  for (const char* end : {"v", "w"}) {
    const std::string name(end);
    middle_.run({"ip", "link", "add", name + "0", "type", "veth", "peer", "name", name + "1"});
  }
  attach(middle_, "v1", program("pass"));
  for (const char* end : {"w0", "w1"}) middle_.run({"ip", "link", "set", end, "up"});
  fill(1, "v0");  // is down
  fill(2, "w0");  // its peer runs no XDP
  ASSERT_NO_FATAL_FAILURE(start());
  send({frame_for(TRY_DEVMAP, 0), frame_for(TRY_DEVMAP, 1), frame_for(TRY_INDEX, index("v0")),
        frame_for(TRY_ABORTED, 0), frame_for(TRY_TX, 0), frame_for(TRY_DEVMAP, 2),
        frame_for(TRY_DEVMAP, 5), frame_for(TRY_INVALID, 0)});
  ASSERT_NO_FATAL_FAILURE(end());
  SCOPED_TRACE(err_);
  const std::string contents = read_file(file_);
  const std::string down = "fate=dropped reason=ENETDOWN to=" + device("v0");
  EXPECT_THAT(contents, HasSubstr(success()));
  EXPECT_THAT(contents, HasSubstr(down + " via=" + via("devices", 1) + trailer()));
  EXPECT_THAT(contents, HasSubstr(down + trailer()));
  EXPECT_THAT(contents, HasSubstr("fate=aborted" + trailer()));
  EXPECT_THAT(contents, HasSubstr("fate=dropped reason=invalid-action" + trailer()));
  EXPECT_THAT(contents, HasSubstr("fate=queued"));
  EXPECT_THAT(err_, HasSubstr("2 ENETDOWN: "));
  EXPECT_THAT(err_, HasSubstr("2 aborted: "));
  // Refused packet by packet, or thrown away in bulk by the device (older kernels).
  const std::string to_peer = "to=" + device("w0") + " via=" + via("devices", 2) + trailer();
  EXPECT_THAT(contents, AnyOf(HasSubstr("fate=dropped reason=EOPNOTSUPP " + to_peer),
                              HasSubstr("fate=redirected " + to_peer)));
  EXPECT_THAT(err_, AnyOf(HasSubstr("1 EOPNOTSUPP: " + device("w0")),
                          HasSubstr("1 ENXIO: the peer of " + device("w0"))));
}

}  // namespace
}  // namespace xdpcap::test
