// SPDX-License-Identifier: BSD-3-Clause
// chaos runs captures under injected faults, and a model that computes which packets each must have
// seen. See README.md.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "chaos/faults.hpp"
#include "chaos/plan.hpp"
#include "chaos/round.hpp"

namespace xdpcap::chaos {
namespace {

struct Options {
  unsigned seconds = 60;
  unsigned jobs = 2;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> round{};
  unsigned faults = 30;
  std::vector<std::string> kinds{};
  std::vector<std::string> without{};
  bool list = false;
  bool verbose = false;
};

void list() {
  std::cout << "faults (--kinds, --without):\n";
  for (const Fault& fault : all_faults()) {
    std::cout << "  " << std::left << std::setw(18) << fault.name << fault.what << '\n';
  }
  std::cout << "features of captures (--without):\n";
  for (const Feature& feature : features()) {
    std::cout << "  " << std::left << std::setw(18) << feature.name << feature.what << '\n';
  }
}

std::vector<const Fault*> chosen(const Options& options) {
  const auto has = [](const std::vector<std::string>& names, const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<const Fault*> kinds;
  for (const Fault& fault : all_faults()) {
    const bool wanted = options.kinds.empty() || has(options.kinds, fault.name);
    if (wanted && !has(options.without, fault.name)) kinds.push_back(&fault);
  }
  return kinds;
}

void check_names(const Options& options) {
  std::set<std::string> known = {"none"};
  for (const Fault& fault : all_faults()) known.insert(fault.name);
  for (const Feature& feature : features()) known.insert(feature.name);
  for (const auto* names : {&options.kinds, &options.without}) {
    for (const std::string& name : *names) {
      if (!known.contains(name)) throw UsageError("there is no kind " + name + " (--list)");
    }
  }
}

// Each round is a separate process, so that its resources are freed with it.
class Rounds {
 public:
  explicit Rounds(const Options& options) : options_(options), kinds_(chosen(options)) {}

  bool run() {
    const Time begin = now();
    const Time end = begin + options_.seconds * kSecond;
    std::uint64_t next = options_.round.value_or(0);
    while (!failed_) {
      const bool more = options_.round ? next == *options_.round : now() < end;
      if (!more && running_.empty()) break;
      if (more && running_.size() < options_.jobs) {
        start(next++);
      } else {
        collect_one();
      }
    }
    while (!running_.empty()) collect_one();
    print(static_cast<double>(now() - begin) / static_cast<double>(kSecond));
    return !failed_;
  }

 private:
  void start(std::uint64_t round) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
    UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) throw system_error("starting a round", errno);
    if (pid > 0) {
      running_[pid] = std::move(reader);
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const RoundResult result = play({.seed = options_.seed,
                                     .round = round,
                                     .faults = options_.faults,
                                     .kinds = kinds_,
                                     .without = {options_.without.begin(), options_.without.end()},
                                     .verbose = options_.verbose});
    const bool is_sent = ::write(writer.get(), &result, sizeof(result)) == sizeof(result);
    ::_exit(is_sent ? 0 : 1);
  }

  void collect_one() {
    int status = 0;
    const pid_t pid = ::wait(&status);
    const auto one = running_.find(pid);
    if (one == running_.end()) return;
    RoundResult result;
    const bool is_received = ::read(one->second.get(), &result, sizeof(result)) == sizeof(result);
    running_.erase(one);
    failed_ = failed_ || !is_received || result.failed;
    if (!is_received) return;
    ++rounds_;
    for (std::size_t i = 0; i < result.kinds.size(); ++i) {
      total_.kinds.at(i).faults += result.kinds.at(i).faults;
      total_.kinds.at(i).packets += result.kinds.at(i).packets;
    }
    total_.captures += result.captures;
    total_.packets += result.packets;
    total_.verdict += result.verdict;
  }

  void print(double seconds) const {
    std::uint64_t faults = 0;
    std::cout << std::left << std::setw(18) << "kind" << std::right << std::setw(10) << "faults"
              << std::setw(12) << "packets" << '\n';
    for (std::size_t i = 0; i < all_faults().size(); ++i) {
      const Tally& one = total_.kinds.at(i);
      faults += one.faults;
      if (one.faults == 0) continue;
      std::cout << std::left << std::setw(18) << all_faults()[i].name << std::right << std::setw(10)
                << one.faults << std::setw(12) << one.packets << '\n';
    }
    std::cout << rounds_ << " rounds, " << total_.captures << " captures, " << faults
              << " faults in " << std::fixed << std::setprecision(0) << seconds << " s ("
              << std::setprecision(1) << static_cast<double>(faults) / seconds
              << " a second), packets sent: " << total_.packets
              << "; expected: " << total_.verdict.must << ", written: " << total_.verdict.written
              << ", not selected: " << total_.verdict.left_out
              << ", counted as lost: " << total_.verdict.lost
              << ", unaccounted: " << total_.verdict.unaccounted << '\n';
  }

  const Options& options_;
  std::vector<const Fault*> kinds_;
  std::map<pid_t, UniqueFd> running_{};
  RoundResult total_{};
  std::uint64_t rounds_ = 0;
  bool failed_ = false;
};

int run(const Options& options) {
  check_names(options);
  if (options.list) {
    list();
    return 0;
  }
  return Rounds(options).run() ? 0 : 1;
}

}  // namespace
}  // namespace xdpcap::chaos

int main(int argc, char** argv) {
  xdpcap::chaos::Options options;
  CLI::App app(
      "Chaos: captures under faults, checked by a model that computes what they must have seen.");
  app.add_option("--seconds", options.seconds, "How long new rounds are started (60)");
  app.add_option("--seed", options.seed, "Seed of all random choices (1)");
  app.add_option("--round", options.round, "Only this round");
  app.add_option("--faults", options.faults, "Faults in a round (30)");
  app.add_option("--jobs", options.jobs, "Rounds at the same time (2)");
  app.add_option("--kinds", options.kinds, "Only these faults (none: no faults)")->delimiter(',');
  app.add_option("--without", options.without, "None of these faults and features")->delimiter(',');
  app.add_flag("--list", options.list, "List the faults, and the features of captures");
  app.add_flag("--verbose", options.verbose, "Print each step as it happens");
  CLI11_PARSE(app, argc, argv);
  try {
    return xdpcap::chaos::run(options);
  } catch (const std::exception& error) {
    std::cerr << "chaos: " << error.what() << '\n';
    return 1;
  }
}
