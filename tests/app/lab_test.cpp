// SPDX-License-Identifier: BSD-3-Clause
// Real frames on real links: left --- middle --- right, with the hooked program in the middle. What
// the kernel did with a frame shows at the other ends; what the capture says has to agree.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "app/tool.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "kernel/features.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::test {
namespace {

constexpr const char* kOnlyTestFrames = "ether proto 0x88b5";

std::string object_file(bool frags) {
  return std::string(BPF_OBJECTS) + (frags ? "/lab_frags.o" : "/lab.o");
}

void must_run(const std::vector<std::string>& command) {
  const ProcessResult result = run(command);
  if (result.exit_code != 0) throw Error(command[0] + ": " + result.err);
}

// The id of the newest program of that name, and the map of a name that it uses.
std::uint32_t newest_program(const std::string& name) {
  std::uint32_t id = 0;
  std::uint32_t found = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const UniqueFd fd(bpf_prog_get_fd_by_id(id));
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0 && name == info.name) found = id;
  }
  return found;
}

UniqueFd map_of_program(std::uint32_t program_id, const std::string& name) {
  const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  std::vector<std::uint32_t> ids(16);
  bpf_prog_info info{};
  info.nr_map_ids = static_cast<std::uint32_t>(ids.size());
  info.map_ids = reinterpret_cast<std::uint64_t>(ids.data());
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0) throw Error("no such program");
  ids.resize(std::min<std::size_t>(ids.size(), info.nr_map_ids));
  for (const std::uint32_t id : ids) {
    UniqueFd map(bpf_map_get_fd_by_id(id));
    bpf_map_info map_info{};
    length = sizeof(map_info);
    if (bpf_obj_get_info_by_fd(map.get(), &map_info, &length) == 0 && name == map_info.name) {
      return map;
    }
  }
  throw Error("the program has no map " + name);
}

constexpr const char* kNoFragments = "this kernel has no fragmented XDP packets (5.18)";

class Lab : public ::testing::Test {
 protected:
  Lab() {
    join(left_, "l0", "10.0.0.1/24", middle_, "m0", "10.0.0.2/24");
    join(middle_, "m1", "10.0.1.1/24", right_, "r0", "10.0.1.2/24");
    from_left_ = std::make_unique<PacketSocket>(left_, "l0");
    at_middle_ = std::make_unique<PacketSocket>(middle_, "m0");
    at_right_ = std::make_unique<PacketSocket>(right_, "r0");
  }

  // Loads the lab's programs with libbpf.
  void load(bool frags) {
    object_.reset(bpf_object__open_file(object_file(frags).c_str(), nullptr));
    if (!object_ || bpf_object__load(object_.get()) != 0) throw Error("loading the lab's programs");
  }
  [[nodiscard]] int program(const char* name) const {
    return bpf_program__fd(bpf_object__find_program_by_name(object_.get(), name));
  }
  [[nodiscard]] int map(const char* name) const {
    return bpf_map__fd(bpf_object__find_map_by_name(object_.get(), name));
  }

  void attach(const Namespace& where, const std::string& interface, int program_fd,
              const std::string& mode = "xdpdrv") {
    const std::string name = "attach" + std::to_string(attached_++);
    pins_.pin(program_fd, name);
    where.run({"ip", "link", "set", "dev", interface, mode, "pinned", pins_.path(name)});
  }

  // A veth end takes frames from the other end's XDP (TX, redirect) only while it runs XDP itself.
  void let_ends_receive() {
    attach(left_, "l0", program("pass"));
    attach(right_, "r0", program("pass"));
  }

  // Redirects go out of m1, with an optional program at the exit.
  void fill_devices(int map_fd, int program_fd = -1) const {
    const std::uint32_t key = 0;
    bpf_devmap_val value{};
    value.ifindex = static_cast<std::uint32_t>(middle_.interface_index("m1"));
    value.bpf_prog.fd = program_fd;
    // The kernel looks the index up in the namespace of who fills the map.
    middle_.call([&] {
      if (bpf_map_update_elem(map_fd, &key, &value, BPF_ANY) != 0) {
        throw system_error("filling the devmap", errno);
      }
    });
  }

  void start_capture(const std::string& hook) {
    capture_ = std::make_unique<Process>(tool({"--ingress", hook, file_, kOnlyTestFrames}));
    ASSERT_TRUE(wait_until_live(*capture_, file_)) << capture_->err();
  }
  void stop_capture(std::size_t packets) {
    capture_->signal(SIGINT);
    const ProcessResult result = capture_->wait();
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_summary(result.err).captured, packets);
    EXPECT_EQ(parse_summary(result.err).lost, 0U);
  }

  // Frames of each action in turn; what became of them shows at the ends and in the capture.
  void expect_every_action(std::size_t size, const std::string& hook) {
    start_capture(hook);
    constexpr std::uint32_t kFrames = 100;
    std::vector<Packet> sent;
    std::vector<std::vector<Packet>> by_action(5);
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      sent.push_back(test_frame(static_cast<std::uint8_t>(i % 5), i, size));
      by_action[i % 5].push_back(sent.back());
      from_left_->send(sent.back());
    }
    EXPECT_EQ(at_middle_->receive(kFrames), by_action[XDP_PASS]);
    EXPECT_EQ(from_left_->receive(kFrames), by_action[XDP_TX]);
    EXPECT_EQ(at_right_->receive(kFrames), by_action[XDP_REDIRECT]);

    stop_capture(kFrames);
    EXPECT_EQ(read_bytes(file_), sent);
    const auto packets = read_with_tshark(file_);
    ASSERT_EQ(packets.size(), kFrames);
    const std::string ingress = "ingress=" + std::to_string(middle_.interface_index("m0"));
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      EXPECT_EQ(packets[i].verdict, std::to_string(i % 5));
      EXPECT_EQ(trim(packets[i].comment), ingress);
    }
  }

  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };

  Namespace left_, middle_, right_;
  PinFolder pins_;
  TemporaryFolder files_;
  std::string file_ = files_.path("out.pcap");
  std::unique_ptr<PacketSocket> from_left_, at_middle_, at_right_;
  std::unique_ptr<bpf_object, CloseObject> object_;
  std::unique_ptr<Process> capture_;
  int attached_ = 0;
};

class LabFlavours : public Lab, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Frags, LabFlavours, ::testing::Bool());

TEST_P(LabFlavours, EveryActionIsWhatTheKernelDid) {
  if (GetParam() && !has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(GetParam());
  let_ends_receive();
  fill_devices(map("devices"));
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
  expect_every_action(100, pins_.path("hook"));
}

TEST_F(Lab, EveryActionInGenericMode) {
  load(false);
  let_ends_receive();
  fill_devices(map("devices"));
  try {
    attach(middle_, "m0", program("by_first_byte"), "xdpgeneric");
  } catch (const Error&) {
    // Linux commits 2ea5eabaf04a and 11941f8a8536.
    if (has_xdp_load_bytes()) throw;
    GTEST_SKIP() << "this kernel runs no devmap or cpumap programs in generic mode (5.15)";
  }
  pins_.pin(map("hook"), "hook");
  expect_every_action(100, pins_.path("hook"));
}

TEST_F(Lab, JumboFramesInFragments) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(true);
  let_ends_receive();
  fill_devices(map("devices"));
  for (const char* interface : {"m0", "m1"}) {
    middle_.run({"ip", "link", "set", "dev", interface, "mtu", "9000"});
  }
  left_.run({"ip", "link", "set", "dev", "l0", "xdpdrv", "off"});
  right_.run({"ip", "link", "set", "dev", "r0", "xdpdrv", "off"});
  left_.run({"ip", "link", "set", "dev", "l0", "mtu", "9000"});
  right_.run({"ip", "link", "set", "dev", "r0", "mtu", "9000"});
  let_ends_receive();
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
  expect_every_action(8000, pins_.path("hook"));
}

TEST_F(Lab, ProgramsLoadedByBpftool) {
  load(false);  // for the ends
  let_ends_receive();
  const std::string folder = pins_.path("bpftool");
  must_run({"bpftool", "prog", "loadall", object_file(false), folder, "pinmaps", folder});
  const UniqueFd program(bpf_obj_get((folder + "/by_first_byte").c_str()));
  const UniqueFd devices(bpf_obj_get((folder + "/devices").c_str()));
  fill_devices(devices.get());
  attach(middle_, "m0", program.get());
  expect_every_action(100, folder + "/hook");
  run({"rm", "-r", folder});
}

// iproute2 makes folders in the bpffs that it never takes away.
class Iproute2Folders {
 public:
  Iproute2Folders() {
    for (const char* name : {"ip", "xdp", "tc/globals", "tc"}) {
      const std::string path = std::string("/sys/fs/bpf/") + name;
      if (::access(path.c_str(), F_OK) != 0) absent_.push_back(path);
    }
  }
  Iproute2Folders(const Iproute2Folders&) = delete;
  Iproute2Folders& operator=(const Iproute2Folders&) = delete;
  Iproute2Folders(Iproute2Folders&&) = delete;
  Iproute2Folders& operator=(Iproute2Folders&&) = delete;
  ~Iproute2Folders() {
    for (const std::string& path : absent_) {
      if (::unlink(path.c_str()) != 0) ::rmdir(path.c_str());
    }
  }

 private:
  std::vector<std::string> absent_;
};

TEST_F(Lab, ProgramsLoadedByIproute2) {
  const Iproute2Folders folders;
  load(false);  // for the ends
  let_ends_receive();
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "obj", object_file(false), "program",
               "by_first_byte"});
  const std::uint32_t program = newest_program("by_first_byte");
  fill_devices(map_of_program(program, "devices").get());
  pins_.pin(map_of_program(program, "hook").get(), "hook");
  expect_every_action(100, pins_.path("hook"));
}

// Loaders that say nothing of an attach type, as most did before there was one.
TEST_F(Lab, ProgramsWithoutAnAttachType) {
  const UniqueFd hook = create_hook();
  const HookedProgram program(hook.get(), {0, false}, XdpAction(XDP_PASS));
  attach(middle_, "m0", program.fd());
  pins_.pin(hook.get(), "hook");
  start_capture(pins_.path("hook"));
  const Packet frame = test_frame(0, 1);
  from_left_->send(frame);
  EXPECT_EQ(at_middle_->receive(1), std::vector<Packet>{frame});
  stop_capture(1);
  EXPECT_EQ(read_bytes(file_), std::vector<Packet>{frame});
}

TEST_P(LabFlavours, ProgramsInADevmap) {
  if (GetParam() && !has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(GetParam());
  let_ends_receive();
  fill_devices(map("devices"), program("on_device"));
  attach(middle_, "m0", program("to_device"));
  pins_.pin(map("device_hook"), "hook");
  start_capture(pins_.path("hook"));
  std::vector<Packet> frames;
  for (std::uint32_t i = 0; i < 20; ++i) frames.push_back(test_frame(2, i));
  for (const Packet& frame : frames) from_left_->send(frame);
  EXPECT_EQ(at_right_->receive(frames.size()), frames);
  stop_capture(frames.size());
  EXPECT_EQ(read_bytes(file_), frames);
}

TEST_P(LabFlavours, ProgramsInACpumap) {
  if (GetParam() && !has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(GetParam());
  const std::uint32_t key = 0;
  bpf_cpumap_val value{};
  value.qsize = 128;
  value.bpf_prog.fd = program("on_cpu");
  ASSERT_EQ(bpf_map_update_elem(map("cpus"), &key, &value, BPF_ANY), 0) << errno;
  attach(middle_, "m0", program("to_cpu"));
  pins_.pin(map("cpu_hook"), "hook");
  start_capture(pins_.path("hook"));
  std::vector<Packet> frames;
  for (std::uint32_t i = 0; i < 20; ++i) frames.push_back(test_frame(2, i));
  for (const Packet& frame : frames) from_left_->send(frame);
  EXPECT_EQ(at_middle_->receive(frames.size()), frames);
  stop_capture(frames.size());
  EXPECT_EQ(read_bytes(file_), frames);
}

}  // namespace
}  // namespace xdpcap::test
