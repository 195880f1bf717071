// SPDX-License-Identifier: BSD-3-Clause
// capture_bench measures the speed, losses and cost of captures with xdpcap-cpp. Needs root, two
// CPUs and Linux 5.18, but no arguments. See tests/bench/README.md.
#include <bpf/libbpf.h>
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bench/capture/fate_cost.hpp"
#include "bench/capture/measurement.hpp"
#include "bench/capture/report.hpp"
#include "bench/capture/stop.hpp"
#include "process/cpus.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::uint32_t kSmallPacket = 64;
constexpr std::uint32_t kLargePacket = 1500;

struct Arguments {
  std::vector<std::string> peers;
  std::vector<std::uint32_t> sizes = {kSmallPacket, 512, kLargePacket};
  std::vector<std::string> paths = {"veth", "direct"};
  std::vector<std::string> sinks = {"memory", "null", "tcpdump"};
  std::vector<double> rates;
  std::string interface;
  double seconds = 0.4;
  std::string folder = ".";
  bool no_costs = false;
  bool no_snaplen = false;
  bool no_fate = false;
};

Receiver parse_interface(const std::string& text) {
  if (text.empty() || text == "bare") return Receiver::none;
  if (text == "program") return Receiver::hookless;
  throw UsageError("--interface " + text + ": must be bare or program");
}

Tool parse_peer(const std::string& text, Receiver without_hook) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) throw UsageError("--peer " + text + ": must be NAME=COMMAND");
  const bool hooked = text.find("{hook}") != std::string::npos;
  return {.name = text.substr(0, equals),
          .command = text.substr(equals + 1),
          .receiver = hooked ? Receiver::hooked : without_hook};
}

Sink parse_sink(const std::string& text) {
  if (text == "memory") return Sink::memory;
  if (text == "null") return Sink::null;
  if (text == "tcpdump") return Sink::tcpdump;
  throw UsageError("--sink " + text + ": must be memory, null or tcpdump");
}

Path parse_path(const std::string& text) {
  if (text == "veth") return Path::veth;
  if (text == "direct") return Path::direct;
  throw UsageError("--path " + text + ": must be veth or direct");
}

std::vector<Tool> make_tools(const Arguments& arguments) {
  const std::string ours =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "xdpcap-cpp";
  const Receiver receiver = parse_interface(arguments.interface);
  std::vector<Tool> tools;
  if (!arguments.interface.empty()) {
    tools.push_back({.name = "xdpcap-cpp",
                     .command = ours + " -i {interface} -w {output}",
                     .receiver = receiver});
  } else {
    tools.push_back({"xdpcap-cpp", ours + " {hook} {output}"});
    if (!arguments.no_snaplen) {
      tools.push_back({"with -s 96", ours + " -s 96 {hook} {output}", kLargePacket});
    }
    if (!arguments.no_fate) {
      tools.push_back({"with --fate", ours + " --fate {hook} {output}", kSmallPacket});
    }
  }
  for (const std::string& peer : arguments.peers) tools.push_back(parse_peer(peer, receiver));
  return tools;
}

Plan make_plan(const Arguments& arguments) {
  Plan plan;
  plan.tools = make_tools(arguments);
  for (const std::string& sink : arguments.sinks) plan.sinks.push_back(parse_sink(sink));
  for (const std::string& path : arguments.paths) plan.paths.push_back(parse_path(path));
  plan.sizes = arguments.sizes;
  plan.seconds = arguments.seconds;
  plan.rates = arguments.rates;
  plan.costs = !arguments.no_costs && arguments.interface.empty();
  const Cpus cpus = read_cpus();
  if (cpus.online.size() < 2) throw Error("measuring: two CPUs are needed");
  plan.generator_cpu = cpus.online.back();
  return plan;
}

// Large enough for a second of small packets, and no more than an eighth of the memory.
std::size_t warm_size() {
  constexpr std::size_t kEnough = std::size_t{2} << 30U;
  const auto memory = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return std::min(kEnough, memory / 8);
}

// Runs this process and its children in the real-time class, so that other work on the machine does
// not take their CPUs. (A nice value is not enough: with autogroups it counts within a session
// only.)
void use_realtime_scheduling() {
  const sched_param parameters{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) {
    std::cerr << "capture_bench: no real-time scheduling: other work will affect the results\n";
  }
}

void run(const Arguments& arguments) {
  const Plan plan = make_plan(arguments);
  catch_stop_signals();
  use_realtime_scheduling();
  const WarmFile warm(warm_size());
  Lab lab(plan.generator_cpu);
  print_heading(std::cout);
  Results results =
      Measurement(plan, lab, warm).run([](const Row& row) { print_row(std::cout, row); });
  if (plan.costs && !arguments.no_fate) {
    measure_fates(plan.tools.front(), lab, warm, plan.generator_cpu, results);
  }
  print_summary(std::cout, results);
  std::ofstream json(arguments.folder + "/capture_bench.json");
  write_json(json, results);
  std::ofstream plot(arguments.folder + "/capture_bench.svg");
  write_plot(plot, results, plan.paths.back(), plan.sinks.front());
}

}  // namespace
}  // namespace xdpcap::bench

int main(int argc, char** argv) {
  CLI::App app("Measures how fast xdpcap-cpp captures and what that costs.", "capture_bench");
  xdpcap::bench::Arguments arguments;
  app.add_option(
      "--peer", arguments.peers,
      "NAME=COMMAND: measure this tool too; {hook}, {interface} and {output} are replaced");
  app.add_option("--size", arguments.sizes, "Packet sizes in bytes (default: 64 512 1500)");
  app.add_option("--path", arguments.paths, "veth, direct (default: both)");
  app.add_option("--sink", arguments.sinks, "memory, null, tcpdump (default: all three)");
  app.add_option("--rate", arguments.rates,
                 "Packets a second, 0 for as fast as possible (default: depends on the size)");
  app.add_option("--interface", arguments.interface,
                 "Capture from the interface instead of a hook: bare (no program) or program (one "
                 "without a hook)");
  app.add_option("--seconds", arguments.seconds, "Seconds of traffic for each row (default: 0.4)");
  app.add_option("--folder", arguments.folder,
                 "Folder for capture_bench.json and capture_bench.svg (default: here)");
  app.add_flag("--no-costs", arguments.no_costs, "Skip filters, idle hook and start-up");
  app.add_flag("--no-snaplen", arguments.no_snaplen, "Skip -s 96");
  app.add_flag("--no-fate", arguments.no_fate, "Skip --fate");
  CLI11_PARSE(app, argc, argv);
  try {
    xdpcap::bench::run(arguments);
    return 0;
  } catch (const xdpcap::Error& error) {
    std::cerr << "capture_bench: " << error.what() << (error.hint().empty() ? "" : "; ")
              << error.hint() << '\n';
    return 2;
  }
}
