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
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bench/capture/count_cost.hpp"
#include "bench/capture/disk_measurement.hpp"
#include "bench/capture/fate_cost.hpp"
#include "bench/capture/measurement.hpp"
#include "bench/capture/peers.hpp"
#include "bench/capture/report.hpp"
#include "bench/capture/stop.hpp"
#include "process/cpus.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::uint32_t kSmallPacket = 64;
constexpr std::uint32_t kLargePacket = 1500;
constexpr double kUsualSeconds = 0.4;

struct Arguments {
  std::vector<std::string> peers;
  std::vector<std::uint32_t> sizes = {kSmallPacket, 512, kLargePacket};
  std::vector<std::string> paths;  // empty: the usual ones
  std::vector<std::string> sinks = {"memory", "null", "tcpdump"};
  std::vector<double> rates;
  std::string interface;
  double seconds = 0;  // 0: the usual ones
  std::string folder = ".";
  std::string disk_folder;
  bool no_costs = false;
  bool no_snaplen = false;
  bool no_fate = false;
  bool only_counts = false;
};

Receiver parse_interface(const std::string& text) {
  if (text.empty() || text == "bare") return Receiver::none;
  if (text == "program") return Receiver::hookless;
  throw UsageError("--interface " + text + ": must be bare or program");
}

Sink parse_sink(const std::string& text) {
  if (text == "memory") return Sink::memory;
  if (text == "null") return Sink::null;
  if (text == "tcpdump") return Sink::tcpdump;
  if (text == "disk") return Sink::disk;
  throw UsageError("--sink " + text + ": must be memory, null, tcpdump or disk");
}

Path parse_path(const std::string& text) {
  if (text == "veth") return Path::veth;
  if (text == "direct") return Path::direct;
  throw UsageError("--path " + text + ": must be veth or direct");
}

Tool plain_tool(const std::string& program, Receiver receiver, bool to_disk) {
  const std::string output = to_disk ? " {file}" : " {output}";
  if (receiver == Receiver::hooked) return {"xdpcap-cpp", program + " {hook}" + output};
  return {.name = "xdpcap-cpp",
          .command = program + " -i {interface} -w" + output,
          .receiver = receiver};
}

std::vector<Tool> make_tools(const Arguments& arguments, bool to_disk) {
  const std::string ours =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "xdpcap-cpp";
  const Receiver without_hook = parse_interface(arguments.interface);
  const bool hooked = arguments.interface.empty();
  std::vector<Tool> tools;
  tools.push_back(plain_tool(ours, hooked ? Receiver::hooked : without_hook, to_disk));
  // To a disk each row takes half a minute and more.
  if (hooked && !to_disk && !arguments.no_snaplen) {
    tools.push_back({"with -s 96", ours + " -s 96 {hook} {output}", kLargePacket});
  }
  if (hooked && !to_disk && !arguments.no_fate) {
    tools.push_back({"with --fate", ours + " --fate {hook} {output}", kSmallPacket});
  }
  for (const std::string& text : arguments.peers) {
    const std::optional<Tool> peer = make_peer(text, without_hook, to_disk);
    if (peer) tools.push_back(*peer);
  }
  return tools;
}

Plan make_plan(const Arguments& arguments) {
  Plan plan;
  for (const std::string& sink : arguments.sinks) plan.sinks.push_back(parse_sink(sink));
  const bool to_disk = std::count(plan.sinks.begin(), plan.sinks.end(), Sink::disk) != 0;
  if (to_disk && plan.sinks.size() != 1) {
    throw UsageError("--sink disk: must be the only sink", "the others run in the real-time class");
  }
  plan.tools = make_tools(arguments, to_disk);
  for (const std::string& path : arguments.paths) plan.paths.push_back(parse_path(path));
  if (plan.paths.empty()) plan.paths.push_back(Path::veth);
  if (arguments.paths.empty() && !to_disk) plan.paths.push_back(Path::direct);
  plan.sizes = arguments.sizes;
  plan.seconds = arguments.seconds;
  if (plan.seconds == 0 && !to_disk) plan.seconds = kUsualSeconds;
  plan.rates = arguments.rates;
  plan.costs = !to_disk && !arguments.no_costs && arguments.interface.empty();
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

void run_in_memory(const Plan& plan, const Arguments& arguments) {
  use_realtime_scheduling();
  const WarmFile warm(warm_size());
  Lab lab(plan.generator_cpu);
  print_heading(std::cout);
  Results results;
  if (!arguments.only_counts) {
    results = Measurement(plan, lab, warm).run([](const Row& row) { print_row(std::cout, row); });
  }
  if (plan.costs) {
    measure_counts(plan.tools.front(), lab, warm, plan.generator_cpu, results);
  }
  if (plan.costs && !arguments.no_fate && !arguments.only_counts) {
    measure_fates(plan.tools.front(), lab, warm, plan.generator_cpu, results);
  }
  print_summary(std::cout, results);
  std::ofstream json(arguments.folder + "/capture_bench.json");
  write_json(json, results);
  std::ofstream plot(arguments.folder + "/capture_bench.svg");
  write_plot(plot, results, plan.paths.back(), plan.sinks.front());
}

void write_disk_results(const std::string& folder, const Results& results,
                        const DiskLimits& limits) {
  print_summary(std::cout, results);
  std::ofstream json(folder + "/disk_bench.json");
  write_json(json, results, &limits);
  std::ofstream plot(folder + "/disk_bench.svg");
  write_disk_plot(plot, results, limits);
}

// Nothing runs in the real-time class, or the kernel's threads that serve the disk would wait for
// as long as a second (95 % of it are the class's).
void run_on_disk(const Plan& plan, const Arguments& arguments) {
  constexpr double kSecondsForLimits = 5;
  const std::string usual = arguments.folder == "." ? "/var/tmp" : arguments.folder;
  const DiskFolder folder(arguments.disk_folder.empty() ? usual : arguments.disk_folder);
  const DiskLimits limits = measure_limits(
      folder, plan.seconds == 0 ? kSecondsForLimits : std::min(kSecondsForLimits, plan.seconds));
  print_limits(std::cout, folder, limits);
  Lab lab(plan.generator_cpu);
  print_heading(std::cout, true);
  Results results;
  // The run takes long: what was measured is kept if it ends early.
  try {
    DiskMeasurement(plan, lab, folder, limits).run(results, [&limits](const Row& row) {
      print_row(std::cout, row, &limits);
    });
  } catch (const Error&) {
    write_disk_results(arguments.folder, results, limits);
    throw;
  }
  write_disk_results(arguments.folder, results, limits);
}

void run(const Arguments& arguments) {
  const Plan plan = make_plan(arguments);
  catch_stop_signals();
  if (plan.sinks.front() == Sink::disk) {
    run_on_disk(plan, arguments);
  } else {
    run_in_memory(plan, arguments);
  }
}

}  // namespace
}  // namespace xdpcap::bench

int main(int argc, char** argv) {
  CLI::App app("Measures how fast xdpcap-cpp captures and what that costs.", "capture_bench");
  xdpcap::bench::Arguments arguments;
  app.add_option(
      "--peer", arguments.peers,
      "NAME=COMMAND: measure this tool too; {hook}, {interface} and {output}, for --sink disk "
      "{file}, are replaced. For --sink disk also stenotype, tcpdump, xdpcap");
  app.add_option("--size", arguments.sizes, "Packet sizes in bytes (default: 64 512 1500)");
  app.add_option("--path", arguments.paths, "veth, direct (default: both; for --sink disk: veth)");
  app.add_option("--sink", arguments.sinks,
                 "memory, null, tcpdump (default: these three), or disk alone");
  app.add_option("--rate", arguments.rates,
                 "Packets a second, 0 for as fast as possible (default: depends on the size)");
  app.add_option("--interface", arguments.interface,
                 "Capture from the interface instead of a hook: bare (no program) or program (one "
                 "without a hook)");
  app.add_option(
      "--seconds", arguments.seconds,
      "Seconds of traffic for each row (default: 0.4, or 30 for --sink disk, and longer if the "
      "page cache could hide that the disk is too slow)");
  app.add_option("--disk-folder", arguments.disk_folder,
                 "Folder on a disk for --sink disk (default: --folder, or else /var/tmp)");
  app.add_option(
      "--folder", arguments.folder,
      "Folder for capture_bench.json and .svg, or disk_bench.json and .svg (default: here)");
  app.add_flag("--no-costs", arguments.no_costs, "Skip filters, idle hook and start-up");
  app.add_flag("--no-snaplen", arguments.no_snaplen, "Skip -s 96");
  app.add_flag("--no-fate", arguments.no_fate, "Skip --fate");
  app.add_flag("--only-counts", arguments.only_counts,
               "Measure only the cost of counting packets, and of reasons");
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
