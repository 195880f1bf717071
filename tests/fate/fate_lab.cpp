// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fate_lab.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "support/pcapng_file.hpp"
#include "support/test_run.hpp"

namespace xdpcap::test {
Packet frame_for(std::uint8_t what, std::uint8_t key, std::uint32_t number, std::size_t size) {
  Packet frame = test_frame(what, number, size);
  frame[1] = key;
  return frame;
}

FateLab::FateLab() {
  load(BPF_OBJECT);
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
}

std::string FateLab::via(const char* map_name, std::uint32_t key) const {
  const bpf_map_info info = map_info(map(map_name)).value();
  const std::string kind = info.type == BPF_MAP_TYPE_CPUMAP ? "cpumap" : "devmap";
  return kind + "#" + std::to_string(info.id) + "[" + std::to_string(key) + "]";
}

std::string FateLab::trailer(const std::string& of_program, const std::string& interface,
                             std::uint32_t queue) const {
  return " ingress=" + std::to_string(index(interface)) + " ifname=" + interface +
         " rxq=" + std::to_string(queue) + " prog=" + of_program + "#" +
         std::to_string(program_info(program(of_program.c_str())).id);
}

std::vector<std::string> FateLab::command(std::vector<std::string> options,
                                          const std::string& filter) const {
  options.insert(options.end(), {pins_.path("hook"), file_, filter});
  return tool(std::move(options));
}

// In a separate mount namespace, so that the mounts are private.
std::vector<std::string> FateLab::command_without_btf(
    const std::string& file_system, const std::vector<std::string>& options) const {
  // Instead of a tracefs that may be there, which cannot be mounted twice in a place.
  const std::string script =
      "while umount /sys/kernel/tracing; do :; done 2> /dev/null; mount -t " + file_system + " " +
      file_system + " /sys/kernel/tracing && XDPCAP_WITHOUT_BTF=1 exec \"$@\"";
  std::vector<std::string> whole = {"unshare", "-m", "sh", "-c", script, "sh"};
  const std::vector<std::string> rest = command(options, "");
  whole.insert(whole.end(), rest.begin(), rest.end());
  return whole;
}

void FateLab::start(std::vector<std::string> options, const std::string& filter) {
  start_command(command(std::move(options), filter));
}

void FateLab::start_without_btf(const std::string& file_system) {
  start_command(command_without_btf(file_system, {"--fate"}));
}

std::uint64_t FateLab::seen() const {
  const std::uint32_t key = 0;
  std::uint64_t count = 0;
  if (bpf_map_lookup_elem(map("seen"), &key, &count) != 0) throw system_error("counting", errno);
  return count;
}

void FateLab::send(const std::vector<Packet>& frames) const {
  const std::uint64_t all = seen() + frames.size();
  for (const Packet& frame : frames) from_left_->send(frame);
  // A busy CPU takes its frames later, and a capture that has ended by then misses them.
  EXPECT_TRUE(eventually([&] { return seen() >= all; })) << all - seen() << " frames have not come";
}

void FateLab::run_live(const Packet& frame, std::uint32_t repeat) const {
  middle_.call([&] {
    test_run(program("by_first_byte"), frame,
             {.repeat = repeat, .ingress_ifindex = index("m0"), .live_frames = true});
  });
}

void FateLab::end() {
  const ProcessResult result = end_capture();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  err_ = result.err;
  summary_ = parse_summary(err_);
}

void FateLab::kill() {
  capture_->signal(SIGKILL);
  capture_->wait();
  ASSERT_TRUE(eventually([&] {
    try {
      return !read_pcapng(file_).statistics.empty();
    } catch (const Error&) {
      return false;  // not whole yet
    }
  }));
  bytes_ = read_bytes(file_);
}

void FateLab::stop() {
  ASSERT_NO_FATAL_FAILURE(end());
  packets_ = read_with_tshark(file_);
  bytes_ = read_bytes(file_);
}

void FateLab::capture(const std::vector<Packet>& frames) {
  ASSERT_NO_FATAL_FAILURE(start());
  send(frames);
  ASSERT_NO_FATAL_FAILURE(stop());
  ASSERT_EQ(bytes_, frames) << err_;
  EXPECT_EQ(summary_.lost, 0U);
}

void FateLab::expect_comments(const std::vector<std::string>& comments) const {
  ASSERT_EQ(packets_.size(), comments.size());
  for (std::size_t i = 0; i < comments.size(); ++i) {
    EXPECT_EQ(packets_[i].comment, comments[i]) << "packet " << i << "\n" << err_;
  }
}

}  // namespace xdpcap::test
