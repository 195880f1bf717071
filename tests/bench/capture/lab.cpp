// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/lab.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "bench/capture/lab.h"
#include "bench/capture/stop.hpp"
#include "capture_lab.skel.h"
#include "support/cpu.hpp"
#include "support/process.hpp"
#include "support/test_run.hpp"

namespace xdpcap::bench {
namespace {

using test::stay_on_cpu;

constexpr double kFraction = 256;  // see struct generator
constexpr std::size_t kEtherType = 12;
constexpr std::uint32_t kLocalProtocol = 0x88B5;  // for local experiments

void put16(std::vector<std::uint8_t>& frame, std::size_t at, std::uint32_t value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8U);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint32_t ip_checksum(const std::vector<std::uint8_t>& frame, std::size_t begin) {
  std::uint32_t sum = 0;
  for (std::size_t i = begin; i < begin + 20; i += 2) sum += frame[i] * 256U + frame[i + 1];
  while (sum > 0xFFFF) sum = (sum & 0xFFFFU) + (sum >> 16U);
  return ~sum & 0xFFFFU;
}

// The frames of a batch are received only after all of them have been sent. So a batch lasts no
// longer than this, or the traffic would have bursts that are impossible on a link of that rate.
std::uint32_t batch_size(double rate) {
  constexpr double kBatchSeconds = 20e-6;
  constexpr double kMost = 64;  // a driver's batch size (NAPI_POLL_WEIGHT)
  if (rate == 0) return static_cast<std::uint32_t>(kMost);
  return static_cast<std::uint32_t>(std::clamp(rate * kBatchSeconds, 1.0, kMost));
}

// Every packet takes a repeat, and so does each wait that ends before the packet is due (MOST_LOOKS
// in lab.bpf.c, some 40 us).
std::uint32_t repeats(std::uint64_t packets, double rate) {
  constexpr double kLooksPerSecond = 25'000;
  const double idle = rate == 0 ? 0 : 2 * kLooksPerSecond / rate;
  return static_cast<std::uint32_t>(static_cast<double>(packets) * (1 + idle));
}

void attach(int ifindex, const bpf_program* program) {
  const int error = bpf_xdp_attach(ifindex, bpf_program__fd(program), XDP_FLAGS_DRV_MODE, nullptr);
  if (error != 0) throw system_error("attaching to a veth", -error);
}

void detach(int ifindex) {
  const int error = bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, nullptr);
  if (error != 0) throw system_error("detaching from a veth", -error);
}

// ns a run, measured here, as the kernel reports whole nanoseconds.
double run_cost(const bpf_program* program, std::uint32_t size, std::uint32_t repeat) {
  const std::vector<std::uint8_t> frame = make_frame(size);
  const auto begin = std::chrono::steady_clock::now();
  test::test_run(bpf_program__fd(program), frame, {.repeat = repeat});
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  return took.count() / repeat;
}

}  // namespace

std::vector<std::uint8_t> make_frame(std::uint32_t size) {
  constexpr std::size_t kIp = 14;
  constexpr std::size_t kUdp = kIp + 20;
  std::vector<std::uint8_t> frame(std::max<std::size_t>(size, kUdp + 8));
  const std::array<std::uint8_t, kIp> ethernet = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
  std::copy(ethernet.begin(), ethernet.end(), frame.begin());
  frame[kIp] = 0x45;
  put16(frame, kIp + 2, static_cast<std::uint32_t>(frame.size() - kIp));
  frame[kIp + 8] = 64;  // TTL
  frame[kIp + 9] = IPPROTO_UDP;
  const std::array<std::uint8_t, 8> addresses = {10, 55, 0, 1, 10, 55, 0, 2};
  std::copy(addresses.begin(), addresses.end(), frame.begin() + kIp + 12);
  put16(frame, kIp + 10, ip_checksum(frame, kIp));
  put16(frame, kUdp, 4000);
  put16(frame, kUdp + 2, 4001);
  put16(frame, kUdp + 4, static_cast<std::uint32_t>(frame.size() - kUdp));
  return frame;
}

Lab::Lab(std::uint32_t cpu) {
  test::must_run({"ip", "link", "add", kSender, "netns", sending_.name(), "type", "veth", "peer",
                  "name", kReceiver, "netns", receiving_.name()});
  // Keeps neighbour and router discovery out of the counts.
  sending_.run({"ip", "link", "set", kSender, "addrgenmode", "none", "up"});
  receiving_.run({"ip", "link", "set", kReceiver, "addrgenmode", "none", "up"});
  load();
  stay_on_cpu(cpu);
}

Lab::~Lab() = default;

void Lab::load() {
  skeleton_.reset(capture_lab_bpf__open_and_load());
  if (skeleton_ == nullptr) throw system_error("loading the lab's programs", errno);
  pins_.pin(bpf_map__fd(skeleton_->maps.hook), "hook");
  receiver_ifindex_ = receiving_.interface_index(kReceiver);
  set_receiver(Receiver::hooked);
  skeleton_->bss->generator.ifindex = ::if_nametoindex(kSender);
  // For program_cost(): in a test run of a program that is not attached, the kernel first spends
  // some milliseconds to add it to the dispatcher that calls attached programs.
  attach(static_cast<int>(skeleton_->bss->generator.ifindex), skeleton_->progs.drop_bare);
}

void Lab::set_receiver(Receiver receiver) {
  receiver_ = receiver;
  receiving_.enter();
  if (receiver == Receiver::none) {
    detach(receiver_ifindex_);
    enable_napi();
  } else {
    attach(receiver_ifindex_, receiver == Receiver::hooked ? skeleton_->progs.drop_hooked
                                                           : skeleton_->progs.drop_bare);
  }
  sending_.enter();
}

// Without a program, a veth interface receives redirected frames only if it has NAPI, which it has
// while generic receive offload is on.
void Lab::enable_napi() {
  ethtool_value on{.cmd = ETHTOOL_SGRO, .data = 1};
  ifreq request{};
  std::strncpy(request.ifr_name, kReceiver, sizeof(request.ifr_name) - 1);
  request.ifr_data = reinterpret_cast<char*>(&on);
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) {
    throw system_error("enabling generic receive offload on a veth", errno);
  }
}

// The interface's own counter: a veth counts what it polls, before a program sees it.
std::uint64_t Lab::interface_packets() const {
  std::uint64_t packets = 0;
  receiving_.enter();
  std::ifstream file("/proc/thread-self/net/dev");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t bytes = 0;
    fields >> name >> bytes;
    if (name == std::string(kReceiver) + ':') fields >> packets;
  }
  sending_.enter();
  return packets;
}

bool Lab::hook_is_live() const {
  const std::uint32_t slot = XDP_DROP;
  std::uint32_t id = 0;
  return bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.hook), &slot, &id) == 0;
}

Traffic Lab::send(Path path, std::uint32_t size, double rate, std::uint64_t packets,
                  double most_seconds) {
  // Long runs, because each takes some 20 ms to set up, but short enough to react to signals.
  constexpr std::uint64_t kMostPackets = 1'000'000;
  constexpr int kRunsWithoutProgress = 3;
  auto& generator = skeleton_->bss->generator;
  auto& receiver = skeleton_->bss->receiver;
  std::vector<std::uint8_t> frame = make_frame(size);
  // The stack drops a protocol that nobody listens to at once.
  if (receiver_ == Receiver::none) put16(frame, kEtherType, kLocalProtocol);
  const std::uint64_t packets_before = interface_packets();
  constexpr double kFast = 2e6;
  generator.group = rate < kFast ? 1 : 16;
  generator.interval = rate == 0 ? 0
                                 : static_cast<std::uint64_t>(1e9 * kFraction / rate *
                                                              static_cast<double>(generator.group));
  receiver.packets = 0;
  Traffic traffic;
  const bpf_program* program =
      path == Path::veth ? skeleton_->progs.generate : skeleton_->progs.generate_and_drop_hooked;
  for (int stuck = 0; traffic.sent < packets && traffic.seconds < most_seconds && !stopped() &&
                      stuck < kRunsWithoutProgress;) {
    generator.wanted = std::min(packets - traffic.sent, kMostPackets);
    generator.sent = generator.first_time = generator.due = 0;
    test::test_run(bpf_program__fd(program), frame,
                   {.repeat = repeats(generator.wanted, rate),
                    .live_frames = true,
                    .batch_size = batch_size(rate),
                    .interruptible = true});
    stuck = generator.sent == 0 ? stuck + 1 : 0;
    traffic.sent += generator.sent;
    traffic.seconds += static_cast<double>(generator.last_time - generator.first_time) * 1e-9;
    traffic.same_cpu =
        traffic.same_cpu && (receiver_ == Receiver::none || receiver.cpu == generator.cpu);
  }
  traffic.received =
      receiver_ == Receiver::none ? interface_packets() - packets_before : receiver.packets;
  return traffic;
}

double Lab::program_cost(bool hooked, std::uint32_t size, std::uint32_t repeat) const {
  return run_cost(hooked ? skeleton_->progs.drop_hooked : skeleton_->progs.drop_bare, size, repeat);
}

double idle_hook_cost(std::uint32_t size, std::uint32_t repeat) {
  const test::LoadedSkeleton<capture_lab_bpf> skeleton;
  double bare = std::numeric_limits<double>::infinity();
  double hooked = bare;
  constexpr int kRuns = 5;
  for (int run = 0; run < kRuns; ++run) {
    bare = std::min(bare, run_cost(skeleton->progs.drop_bare, size, repeat));
    hooked = std::min(hooked, run_cost(skeleton->progs.drop_hooked, size, repeat));
  }
  return hooked - bare;
}

}  // namespace xdpcap::bench
