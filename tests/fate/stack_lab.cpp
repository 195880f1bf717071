// SPDX-License-Identifier: BSD-3-Clause
#include "fate/stack_lab.hpp"

#include <arpa/inet.h>
#include <bpf/btf.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <sstream>

#include "base/error.hpp"
#include "fate/drop_reasons.hpp"

namespace xdpcap::test {

StackLab::StackLab() {
  load(BPF_OBJECT);
  left_.run({"ip", "link", "set", "dev", "l0", "address", text(kLeftMac)});
  middle_.run({"ip", "link", "set", "dev", "m0", "address", text(kMiddleMac)});
  // No packets but those of the test.
  const std::string left_ip = "10.0.0.1";
  left_.run({"ip", "neigh", "replace", "10.0.0.2", "lladdr", text(kMiddleMac), "dev", "l0"});
  middle_.run({"ip", "neigh", "replace", left_ip, "lladdr", text(kLeftMac), "dev", "m0"});
  attach(middle_, "m0", program("pass_all"), GetParam());
  pins_.pin(map("hook"), "hook");
}

void StackLab::SetUp() {
  if (!is_drop_reason("no_socket")) {
    GTEST_SKIP() << "this kernel does not tell why it drops packets (5.17)";
  }
}

void StackLab::start(const std::vector<std::string>& options) {
  std::vector<std::string> whole = options;
  whole.insert(whole.end(), {pins_.path("hook"), file_, "ip"});
  start_command(tool(whole));
}

void StackLab::await_written(std::size_t packets) const {
  EXPECT_TRUE(eventually([&] {
    const ProcessResult counted =
        run({"tshark", "-r", file_, "-T", "fields", "-e", "frame.number"});
    return std::count(counted.out.begin(), counted.out.end(), '\n') >=
           static_cast<std::ptrdiff_t>(packets);
  })) << "there are fewer than "
      << packets << " packets";
}

void StackLab::stop(std::size_t packets) {
  await_written(packets);
  const ProcessResult result = end_capture();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  err_ = result.err;
  packets_ = read_with_tshark(file_);
}

UniqueFd StackLab::bound(std::uint16_t port, int buffer) const {
  UniqueFd fd;
  middle_.call([&] {
    fd = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw system_error("binding", errno);
    }
    if (buffer != 0) ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  });
  return fd;
}

std::uint64_t StackLab::counter(const std::string& name) const {
  std::istringstream lines(must_run(middle_.inside({"nstat", "-asz", name})));
  std::string word;
  std::uint64_t value = 0;
  while (lines >> word) {
    if (word == name && lines >> value) return value;
  }
  throw Error("nstat knows no " + name);
}

bool StackLab::tells_of_queues() {
  btf* types = btf__load_vmlinux_btf();
  const bool tells =
      btf__find_by_name_kind(types, "btf_trace_sk_data_ready", BTF_KIND_TYPEDEF) >= 0;
  btf__free(types);
  return tells;
}

std::vector<std::string> StackLab::comments() const {
  std::vector<std::string> all;
  for (const ReadPacket& packet : packets_) all.push_back(packet.comment);
  return all;
}

std::string StackLab::in_table(std::size_t column) const {
  const std::size_t line = err_.find("\n" + device("m0") + " -> stack ");
  if (line == std::string::npos) return "no line in: " + err_;
  std::istringstream words(err_.substr(line));
  std::string word;
  for (std::size_t i = 0; i < column + 3; ++i) words >> word;
  return word;
}

}  // namespace xdpcap::test
