// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/tool.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bench/capture/stop.hpp"
#include "support/patience.hpp"

namespace xdpcap::bench {
namespace {

using std::chrono::steady_clock;

UniqueFd memory_file(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd.valid()) throw system_error("making a file in memory", errno);
  return fd;
}

std::string text_of(const UniqueFd& file) {
  std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

// The number before `words`, as in "12 packets captured".
std::optional<std::uint64_t> number_before(const std::string& text, const std::string& words) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex("([0-9]+) " + words))) return std::nullopt;
  return std::stoull(match[1].str());
}

// Between fork and exec.
void prepare_child(std::uint32_t not_on, const std::array<int, 3>& standard) {
  for (int fd = 0; fd < 3; ++fd) ::dup2(standard.at(static_cast<std::size_t>(fd)), fd);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (long cpu = 0; cpu < ::sysconf(_SC_NPROCESSORS_CONF); ++cpu) {
    if (std::cmp_not_equal(cpu, not_on)) CPU_SET(cpu, &set);
  }
  ::sched_setaffinity(0, sizeof(set), &set);
}

pid_t spawn_shell(const std::string& command, const test::Namespace& name_space,
                  std::uint32_t not_on, const std::array<int, 3>& standard) {
  const pid_t child = ::fork();
  if (child < 0) throw system_error("starting " + command, errno);
  if (child > 0) return child;
  try {
    name_space.enter();
  } catch (const Error&) {
    ::_exit(126);
  }
  prepare_child(not_on, standard);
  const std::string with_exec = "exec " + command;
  ::execl("/bin/sh", "sh", "-c", with_exec.c_str(), nullptr);
  ::_exit(127);
}

// Whether the process's network namespace has a packet socket that receives: the sixth field.
bool has_running_packet_socket(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/net/packet");
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string skipped;
    for (int field = 1; field < 6; ++field) fields >> skipped;
    int running = 0;
    if (fields >> running && running == 1) return true;
  }
  return false;
}

}  // namespace

std::string fill_in(std::string command, const std::string& placeholder, const std::string& value) {
  for (auto at = command.find(placeholder); at != std::string::npos;
       at = command.find(placeholder, at)) {
    command.replace(at, placeholder.size(), value);
    at += value.size();
  }
  return command;
}

const char* to_string(Sink sink) {
  switch (sink) {
    case Sink::memory:
      return "memory";
    case Sink::null:
      return "/dev/null";
    case Sink::disk:
      return "disk";
    default:
      return "| tcpdump";
  }
}

WarmFile::WarmFile(std::size_t size) : size_(size), fd_(memory_file("warm")) {
  const std::vector<char> chunk(std::size_t{1} << 20U, '\x55');
  for (std::size_t at = 0; at < size_; at += chunk.size()) {
    throw_if_stopped();
    if (::write(fd_.get(), chunk.data(), chunk.size()) < 0) {
      throw system_error("filling a file in memory", errno);
    }
  }
}

void WarmFile::rewind() const {
  ::lseek(fd_.get(), 0, SEEK_SET);
}

PacketCount WarmFile::count() const {
  const auto end = static_cast<std::size_t>(::lseek(fd_.get(), 0, SEEK_CUR));
  if (end == 0) return {};
  void* memory = ::mmap(nullptr, end, PROT_READ, MAP_SHARED | MAP_POPULATE, fd_.get(), 0);
  if (memory == MAP_FAILED) throw system_error("reading what was captured", errno);
  const PacketCount count = count_packets({static_cast<const std::byte*>(memory), end});
  ::munmap(memory, end);
  return count;
}

RunningTool::RunningTool(const Tool& tool, const Lab& lab, Sink sink, const WarmFile& warm,
                         std::uint32_t not_on, const std::string& more_arguments)
    : sink_(sink),
      stop_timeout_(tool.stop_timeout),
      warm_(warm),
      messages_(memory_file("stderr")),
      counts_(memory_file("stdout")) {
  std::string command = fill_in(tool.command, "{hook}", lab.hook());
  command = fill_in(command, "{interface}", Lab::kReceiver);
  // By name, because a tool that writes to stdout may print no summary.
  command = fill_in(command, "{output}", sink == Sink::null ? "/dev/null" : "-");
  if (tool.receiver == Receiver::hooked && lab.hook_is_live()) {
    throw Error("starting " + tool.name + ": the previous tool is still in the hook");
  }
  try {
    spawn(command + more_arguments, lab, not_on);
    wait_until_live(tool, lab);
  } catch (...) {
    this->~RunningTool();
    throw;
  }
}

RunningTool::~RunningTool() {
  wait_for(tool_, SIGINT, stop_timeout_);
  wait_for(tcpdump_, SIGINT, stop_timeout_);
}

void RunningTool::spawn(const std::string& command, const Lab& lab, std::uint32_t not_on) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  UniqueFd pipe_end;
  int output = null.get();
  if (sink_ == Sink::memory) {
    warm_.rewind();
    output = warm_.fd();
  } else if (sink_ == Sink::tcpdump) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
    const UniqueFd read_end(ends[0]);
    pipe_end.reset(ends[1]);
    output = pipe_end.get();
    tcpdump_ = spawn_shell("tcpdump -Z root -r - -w /dev/null --count", lab.receiving(), not_on,
                           {read_end.get(), counts_.get(), null.get()});
  }
  begin_ = steady_clock::now();
  tool_ = spawn_shell(command, lab.receiving(), not_on, {null.get(), output, messages_.get()});
}

bool RunningTool::is_live(const Tool& tool, const Lab& lab) const {
  if (tool.receiver == Receiver::hooked) return lab.hook_is_live();
  // Of the others, nothing shows that they capture.
  const auto blind_wait = std::chrono::milliseconds(700) * test::patience();
  return tool.packet_socket ? has_running_packet_socket(tool_)
                            : steady_clock::now() - begin_ >= blind_wait;
}

void RunningTool::wait_until_live(const Tool& tool, const Lab& lab) {
  // A large ring of a packet socket takes seconds to allocate on a virtual machine.
  const auto timeout = std::chrono::seconds(tool.packet_socket ? 60 : 10);
  while (!is_live(tool, lab)) {
    throw_if_stopped();
    if (::waitpid(tool_, nullptr, WNOHANG) == tool_) {
      tool_ = -1;
      throw Error("starting " + tool.name + ": it ended immediately: " + text_of(messages_));
    }
    if (steady_clock::now() - begin_ > timeout) {
      throw Error("starting " + tool.name + ": it does not capture after " +
                  std::to_string(timeout.count()) + " s");
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  startup_ = std::chrono::duration<double>(steady_clock::now() - begin_).count();
  // The kernel patches the tail call some milliseconds after the slot reads as filled.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

Outcome RunningTool::stop() {
  wait_for(tool_, SIGINT, stop_timeout_);
  wait_for(tcpdump_, 0, stop_timeout_);
  const std::string text = text_of(messages_);
  Outcome outcome;
  outcome.captured = number_before(text, "packets? captured");
  outcome.matched = number_before(text, "packets? (?:matched|received by filter)");
  if (sink_ == Sink::tcpdump) outcome.captured = number_before(text_of(counts_), "packets?");
  if (sink_ == Sink::memory) {
    const PacketCount count = warm_.count();
    outcome.captured = count.packets;
    outcome.sorted = count.sorted && count.complete;
  }
  return outcome;
}

void RunningTool::wait_for(pid_t& child, int signal, std::chrono::seconds timeout) {
  if (child < 0) return;
  if (signal != 0) ::kill(child, signal);
  const auto begin = steady_clock::now();
  while (::waitpid(child, nullptr, WNOHANG) == 0) {
    if (steady_clock::now() - begin > timeout) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  child = -1;
}

}  // namespace xdpcap::bench
