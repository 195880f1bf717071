// SPDX-License-Identifier: BSD-3-Clause
// A capture tool running in the lab.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"
#include "bench/capture/lab.hpp"
#include "bench/capture/packet_count.hpp"
#include "bench/capture/process_cpu.hpp"

namespace xdpcap::bench {

// Tool is a command line for the shell, in which {hook}, {interface} and {output} are replaced, and
// {file} for captures to a disk.
struct Tool {
  std::string name;
  std::string command;
  std::uint32_t only_size = 0;  // 0: for packets of every size
  Receiver receiver = Receiver::hooked;
  bool packet_socket = false;  // it captures once it has a running one (packet(7))
  // To end after SIGINT. Then it is killed.
  std::chrono::seconds stop_timeout{10};
};

// Replaces `placeholder` in a command.
std::string fill_in(std::string command, const std::string& placeholder, const std::string& value);

// The output of a capture.
enum class Sink : std::uint8_t {
  memory,   // a file in memory whose pages are already allocated
  null,     // /dev/null
  tcpdump,  // a pipe into tcpdump -r - -w /dev/null
  disk,     // a file that the tool creates itself
};
const char* to_string(Sink sink);

// WarmFile is a file in memory whose pages have been written before: on a virtual machine a fresh
// page costs the host more than the copy into it. Truncating the file would free its pages, so
// tools get it as stdout, which they do not truncate.
class WarmFile {
 public:
  explicit WarmFile(std::size_t size);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void rewind() const;
  // Counts the packets written since then.
  [[nodiscard]] PacketCount count() const;

 private:
  std::size_t size_;
  UniqueFd fd_;
};

// Outcome is the result of a capture. Nothing where it is unknown.
struct Outcome {
  std::optional<std::uint64_t> captured;
  std::optional<std::uint64_t> matched;  // as reported by the tool
  std::optional<bool> sorted;
};

class RunningTool {
 public:
  // Starts the tool, on any CPU but `not_on`, and waits until it captures. Throws Error.
  RunningTool(const Tool& tool, const Lab& lab, Sink sink, const WarmFile& warm,
              std::uint32_t not_on, const std::string& more_arguments = "");
  // Stops it if it is still running.
  ~RunningTool();
  RunningTool(const RunningTool&) = delete;
  RunningTool& operator=(const RunningTool&) = delete;

  // Seconds until the hook was live.
  [[nodiscard]] double startup() const { return startup_; }
  [[nodiscard]] CpuTime cpu_time() const { return cpu_time_of(tool_); }
  // With the processes that it has started.
  [[nodiscard]] CpuTime tree_cpu_time() const { return cpu_time_of_tree(tool_); }
  // Stops it as Ctrl-C does, and counts what it wrote.
  Outcome stop();

 private:
  void spawn(const std::string& command, const Lab& lab, std::uint32_t not_on);
  void wait_until_live(const Tool& tool, const Lab& lab);
  [[nodiscard]] bool is_live(const Tool& tool, const Lab& lab) const;
  static void wait_for(pid_t& child, int signal, std::chrono::seconds timeout);

  Sink sink_;
  std::chrono::seconds stop_timeout_;
  const WarmFile& warm_;
  UniqueFd messages_;  // stderr of the tool
  UniqueFd counts_;    // stdout of tcpdump
  pid_t tool_ = -1;
  pid_t tcpdump_ = -1;
  std::chrono::steady_clock::time_point begin_;
  double startup_ = 0;
};

}  // namespace xdpcap::bench
