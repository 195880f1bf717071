// SPDX-License-Identifier: BSD-3-Clause
// The cost of filters: instructions, compile time, and nanoseconds a packet in the kernel. Prints a
// table; see tests/bench/README.md.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "filter/capture_file.hpp"
#include "filter/codegen.hpp"
#include "filter/expression.hpp"
#include "filter/filter_program.hpp"
#include "filter/kernel_program.hpp"
#include "filter/oracle.hpp"

namespace xdpcap::test {
namespace {

constexpr LinkType kEthernet{1};

struct Filter {
  std::string name;
  std::string text;
};

std::string join_terms(std::uint32_t terms, const std::function<std::string(std::uint32_t)>& term) {
  std::vector<std::string> all;
  for (std::uint32_t i = 0; i < terms; ++i) all.push_back(term(i));
  return join(all, " or ");
}

std::vector<Filter> read_filters() {
  std::ifstream file("tests/bench/filter/expressions.txt");
  std::vector<Filter> filters;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && !line.starts_with('#')) filters.push_back({line, line});
  }
  filters.push_back({"20 hosts", join_terms(20, [](std::uint32_t i) {
                       return "host 198.51.100." + std::to_string(i * 7 + 1);
                     })});
  filters.push_back({"60 hosts and ports", join_terms(60, [](std::uint32_t i) {
                       return i % 2 == 0 ? "host 198.51.100." + std::to_string(i * 4 + 1)
                                         : "port " + std::to_string(i * 91 + 1);
                     })});
  filters.push_back({"60 pairs of host and port", join_terms(60, [](std::uint32_t i) {
                       return "(src host 198.51.100." + std::to_string(i + 1) + " and dst port " +
                              std::to_string(i * 91 + 1) + ")";
                     })});
  return filters;
}

double microseconds_to_compile(const CbpfProgram& filter) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 50;
  double best = 1e9;
  for (int i = 0; i < kRounds; ++i) {
    const auto start = Clock::now();
    (void)test::filter_size(filter);
    best = std::min(best, std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  return best;
}

// The first Ethernet packet in pcaps/ for which libpcap's verdict is `wanted`.
std::optional<Bytes> find_packet(const CbpfProgram& filter, bool wanted) {
  for (const auto& path : all_captures()) {
    const CaptureFile file = read_capture(path);
    if (file.link_type.dlt != kEthernet.dlt) continue;
    for (const Bytes& packet : file.packets) {
      const bool fits = packet.size() >= 60 && packet.size() < kLongestLinearPacket;
      if (fits && libpcap_matches(filter, packet) == wanted) return packet;
    }
  }
  return std::nullopt;
}

// The cost of the filter: the time of a program with it, less that of the same program with a
// filter of one jump. The best of several attempts, because others use this machine, too.
std::optional<double> nanoseconds(const CbpfProgram& filter, bool matching) {
  const std::optional<Bytes> packet = find_packet(filter, matching);
  if (!packet) return std::nullopt;
  const CbpfProgram nothing = {{6, 0, 0, matching ? 1U : 0U}};
  const KernelProgram with(make_filter_program(filter, false), false);
  const KernelProgram without(make_filter_program(nothing, false), false);
  constexpr std::uint32_t kRepeat = 400'000;
  double best_with = 1e9;
  double best_without = 1e9;
  for (int i = 0; i < 7; ++i) {
    best_with = std::min(best_with, with.time(*packet, kRepeat));
    best_without = std::min(best_without, without.time(*packet, kRepeat));
  }
  return best_with - best_without;
}

std::string text(const std::optional<double>& value) {
  if (!value) return "-";
  char buffer[32];
  (void)std::snprintf(buffer, sizeof(buffer), "%.0f", *value);
  return buffer;
}

void print_row(const Filter& filter, bool kernel, std::vector<double>& ratios) {
  const CbpfProgram program = compile_filter(filter.text, kEthernet);
  const std::size_t instructions = test::filter_size(program);
  const double ratio = static_cast<double>(instructions) / static_cast<double>(program.size());
  ratios.push_back(ratio);
  std::printf("| `%s` | %zu | %zu | %.2f | %.0f | %s | %s |\n", filter.name.c_str(), program.size(),
              instructions, ratio, microseconds_to_compile(program),
              kernel ? text(nanoseconds(program, true)).c_str() : "-",
              kernel ? text(nanoseconds(program, false)).c_str() : "-");
  (void)std::fflush(stdout);
}

int run() {
  const bool kernel = can_load_programs();
  if (!kernel) std::cerr << "BPF programs cannot be loaded here: no times in the kernel\n";
  std::puts("| filter | cBPF | eBPF | ratio | compile, µs | match, ns | no match, ns |");
  std::puts("|---|--:|--:|--:|--:|--:|--:|");
  std::vector<double> ratios;
  for (const Filter& filter : read_filters()) print_row(filter, kernel, ratios);
  std::ranges::sort(ratios);
  std::printf("\n%zu filters; ratio: median %.2f, largest %.2f\n", ratios.size(),
              ratios[ratios.size() / 2], ratios.back());
  return 0;
}

}  // namespace
}  // namespace xdpcap::test

int main() {
  try {
    return xdpcap::test::run();
  } catch (const std::exception& error) {
    std::cerr << "filter_bench: " << error.what() << "\n";
    return 1;
  }
}
