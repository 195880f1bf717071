// SPDX-License-Identifier: BSD-3-Clause
#include "support/tool.hpp"

#include <sys/stat.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap::test {
namespace {

std::uint64_t number_before(const std::string& text, const std::string& words) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.ends_with(words)) continue;
    const auto number = parse_number<std::uint64_t>(line.substr(0, line.find(' ')));
    if (number) return *number;
  }
  throw Error("no summary line ends in \"" + words + "\": " + text);
}

// "40 packets not selected (--fate)": the line is only there if there are any.
std::uint64_t not_selected(const std::string& text) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.find(" not selected (") == std::string_view::npos) continue;
    const auto number = parse_number<std::uint64_t>(line.substr(0, line.find(' ')));
    if (number) return *number;
  }
  return 0;
}

// Whether it has blocked SIGINT: proc(5), SigBlk.
bool reads_signals(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigBlk:")) {
      return (std::stoull(line.substr(line.find('\t')), nullptr, 16) >> (SIGINT - 1) & 1U) != 0;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> tool(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), XDPCAP_CPP);
  return arguments;
}

bool wait_until_live(const Process& process, const std::string& path) {
  return eventually([&] {
           struct stat info {};
           return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
         }) &&
         process.err().find("xdpcap-cpp: ") == std::string::npos;
}

bool wait_until_stoppable(const Process& process) {
  return eventually([&] { return reads_signals(process.pid()); });
}

Summary parse_summary(const std::string& err) {
  constexpr const char* kByHook = " received by the hook";  // of the form without -i
  const bool by_hook = err.find(kByHook) != std::string::npos;
  return {.captured = number_before(err, " captured"),
          .matched = number_before(err, " matched the filter"),
          .received = number_before(err, by_hook ? kByHook : " received by the recorders"),
          .lost = number_before(err, " lost"),
          .left_out = not_selected(err)};
}

}  // namespace xdpcap::test
