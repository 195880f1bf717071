// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/peers.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "base/error.hpp"

namespace xdpcap::bench {
namespace {

struct Preset {
  const char* program;
  const char* command;
  bool packet_socket;
  std::chrono::seconds stop_timeout;
};

constexpr std::chrono::seconds kStopTimeout{60};

constexpr std::array<Preset, 3> kPresets = {{
    // A block is written when it is full or, instead of after 10 s, after one. Root, because it
    // becomes nobody otherwise, who may not write here; and no filter of system calls, which is not
    // for every C library. It may hang at its end, after its last write.
    {"stenotype",
     "sh -c 'mkdir -p {file}/PKT0 {file}/IDX0 && exec stenotype --iface={interface} --dir={file} "
     "--threads=1 --blocks=2048 --aiops=128 --blockage_sec=1 --uid=root --gid=root "
     "--seccomp=none'",
     true, std::chrono::seconds(3)},
    // A buffer of 512 MiB; by default it is 2 MiB.
    {"tcpdump", "tcpdump -Z root -n -i {interface} -B 524288 -w {file}", true, kStopTimeout},
    {"xdpcap", "xdpcap {hook} {file}", false, kStopTimeout},
}};

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Tool make_tool(const std::string& name, const std::string& command, Receiver without_hook) {
  const bool hooked = command.find("{hook}") != std::string::npos;
  return {.name = name, .command = command, .receiver = hooked ? Receiver::hooked : without_hook};
}

}  // namespace

std::optional<Tool> make_peer(const std::string& text, Receiver without_hook, bool to_disk) {
  const auto equals = text.find('=');
  if (equals != std::string::npos) {
    const std::string command = text.substr(equals + 1);
    if ((command.find("{file}") != std::string::npos) != to_disk) {
      throw UsageError("--peer " + text + ": {file} is for --sink disk, which needs it");
    }
    return make_tool(text.substr(0, equals), command, without_hook);
  }
  for (const Preset& preset : kPresets) {
    if (!to_disk || text != preset.program) continue;
    if (!is_installed(text)) {
      std::cerr << "capture_bench: --peer " << text << ": no binary " << text
                << " in the PATH: left out\n";
      return std::nullopt;
    }
    Tool tool = make_tool(text, preset.command, without_hook);
    tool.packet_socket = preset.packet_socket;
    tool.stop_timeout = preset.stop_timeout;
    return tool;
  }
  throw UsageError("--peer " + text + ": must be NAME=COMMAND" +
                   (to_disk ? ", stenotype, tcpdump or xdpcap" : ""));
}

}  // namespace xdpcap::bench
