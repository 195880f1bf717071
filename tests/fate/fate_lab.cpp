// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fate_lab.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "support/pcapng_file.hpp"

namespace xdpcap::test {
namespace {

std::uint32_t id_of_program(int fd) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) throw system_error("a program's id", errno);
  return info.id;
}

}  // namespace

Packet frame_for(std::uint8_t what, std::uint8_t key, std::uint32_t number, std::size_t size) {
  Packet frame = test_frame(what, number, size);
  frame[1] = key;
  return frame;
}

FateLab::FateLab() {
  join(left_, "l0", "10.0.0.1/24", middle_, "m0", "10.0.0.2/24");
  join(middle_, "m1", "10.0.1.1/24", right_, "r0", "10.0.1.2/24");
  from_left_ = std::make_unique<PacketSocket>(left_, "l0");
  object_.reset(bpf_object__open_file(BPF_OBJECT, nullptr));
  if (!object_ || bpf_object__load(object_.get()) != 0) throw Error("loading the lab's programs");
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
}

int FateLab::program(const char* name) const {
  return bpf_program__fd(bpf_object__find_program_by_name(object_.get(), name));
}

int FateLab::map(const char* name) const {
  return bpf_map__fd(bpf_object__find_map_by_name(object_.get(), name));
}

void FateLab::attach(const Namespace& where, const std::string& interface, int program_fd,
                     const std::string& mode) {
  const std::string name = "attach" + std::to_string(attached_++);
  pins_.pin(program_fd, name);
  where.run({"ip", "link", "set", "dev", interface, mode, "pinned", pins_.path(name)});
}

void FateLab::fill(std::uint32_t key, const std::string& interface) const {
  const std::uint32_t value = index(interface);
  // The kernel looks the index up in the namespace of who fills the map.
  middle_.call([&] {
    if (bpf_map_update_elem(map("devices"), &key, &value, BPF_ANY) != 0) {
      throw system_error("filling the devmap", errno);
    }
  });
}

std::string FateLab::via(const char* map_name, std::uint32_t key) const {
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(map(map_name), &info, &length) != 0) throw Error("no such map");
  const std::string kind = info.type == BPF_MAP_TYPE_CPUMAP ? "cpumap" : "devmap";
  return kind + "#" + std::to_string(info.id) + "[" + std::to_string(key) + "]";
}

std::string FateLab::trailer(const std::string& name, const std::string& interface,
                             std::uint32_t queue) const {
  return " ingress=" + device(interface) + " rxq=" + std::to_string(queue) + " prog=" + name + "#" +
         std::to_string(id_of_program(program(name.c_str())));
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

void FateLab::start_command(const std::vector<std::string>& command) {
  capture_ = std::make_unique<Process>(command);
  ASSERT_TRUE(wait_until_live(*capture_, file_)) << capture_->err();
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
  xdp_md context{};
  context.data_end = static_cast<std::uint32_t>(frame.size());
  context.ingress_ifindex = index("m0");
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  options.repeat = static_cast<int>(repeat);
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  middle_.call([&] {
    if (bpf_prog_test_run_opts(program("by_first_byte"), &options) != 0) {
      throw system_error("running live frames", errno);
    }
  });
}

void FateLab::end() {
  capture_->signal(SIGINT);
  const ProcessResult result = capture_->wait();
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
