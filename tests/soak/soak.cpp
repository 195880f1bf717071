// SPDX-License-Identifier: BSD-3-Clause
// soak runs one capture all the time, and many that start and end, under constantly changing
// traffic. See README.md.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "soak/check.hpp"
#include "soak/guest.hpp"
#include "soak/process_gauge.hpp"
#include "soak/stream_count.hpp"
#include "soak/traffic.hpp"
#include "source/chain.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::soak {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kSlots = 5;

// The guests that end in one way.
struct Visits {
  const char* name;
  std::function<Account()> visit;
  unsigned count = 0;
  Account total{};
};

void run_one(Visits& visits) {
  const Account account = visits.visit();
  ++visits.count;
  visits.total.matched += account.matched;
  visits.total.written += account.written;
  visits.total.left_out += account.left_out;
  visits.total.lost += account.lost;
}

void print(const std::vector<Visits>& all) {
  std::cout << std::left << std::setw(14) << "end" << std::right << std::setw(10) << "captures"
            << std::setw(14) << "matched" << std::setw(14) << "written" << std::setw(14)
            << "not selected" << std::setw(14) << "lost" << '\n';
  for (const Visits& one : all) {
    std::cout << std::left << std::setw(14) << one.name << std::right << std::setw(10) << one.count
              << std::setw(14) << one.total.matched << std::setw(14) << one.total.written
              << std::setw(14) << one.total.left_out << std::setw(14) << one.total.lost << '\n';
  }
}

// All captures but the resident one have left the hook.
void expect_alone(int hook_fd) {
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    expect(test::eventually([&] { return chain_in(hook_fd, slot).size() == 1; }),
           "one recorder in slot " + std::to_string(slot));
  }
}

// AddressSanitizer keeps freed memory, to detect its use.
constexpr bool kKeepsFreedMemory =
#ifdef __has_feature
    __has_feature(address_sanitizer);
#else
    false;
#endif

// Compares a capture at its start and later: its memory may settle, but not grow.
void expect_flat(const Gauge& early, const Gauge& late, const std::string& whose) {
  constexpr std::uint64_t kSlack = 512;  // KiB
  std::cout << whose << ": memory " << early.memory << " KiB at first, " << late.memory
            << " KiB at last; descriptors " << early.descriptors << ", " << late.descriptors
            << '\n';
  expect(late.descriptors <= early.descriptors, "no more descriptors than at first");
  expect(kKeepsFreedMemory || late.memory <= early.memory + kSlack, "no more memory than at first");
}

void soak(std::chrono::seconds time, std::uint32_t seed) {
  const test::TemporaryFolder files;
  const UniqueFd map = test::create_hook(kSlots);
  const test::HookedProgram program(map.get(), kFlavours.front());
  test::PinFolder folder;
  folder.pin(map.get(), "hook");
  const std::string hook = folder.path("hook");

  const std::string fifo = files.path("fifo");
  expect(::mkfifo(fifo.c_str(), 0600) == 0, "a FIFO");
  StreamCount stream(fifo);
  test::Process resident(test::tool({"-s", "64", hook, fifo, "ether[0] < 2"}));
  expect(test::eventually([&] { return chain_in(map.get(), kSlots - 1).size() == 1; }),
         "a capture that begins: " + resident.err());

  Guests guests(hook, files.path(""), seed);
  std::vector<Visits> visits = {{"stopped", [&] { return guests.stopped(); }},
                                {"killed", [&] { return guests.killed(); }},
                                {"full disk", [&] { return guests.full_disk(); }},
                                {"reader gone", [&] { return guests.reader_gone(); }},
                                {"many files", [&] { return guests.rotated(); }},
                                {"printed", [&] { return guests.printed(); }}};
  Traffic traffic(program, seed);
  for (Visits& one : visits) run_one(one);  // makes the one-time allocations
  const Gauge early = gauge(resident.pid());
  const auto last = Clock::now() + time;
  for (std::size_t i = 0; Clock::now() < last; ++i) {
    run_one(visits.at(i % visits.size()));
    expect_alone(map.get());
  }
  // The resident keeps a guest's nexts open until its guardian, which looks once a second, sees
  // that the guest has ended.
  test::eventually([&] { return gauge(resident.pid()).descriptors <= early.descriptors; });
  const Gauge late = gauge(resident.pid());
  traffic.stop();
  resident.signal(SIGINT);
  const test::ProcessResult result = resident.wait();
  stream.finish();

  print(visits);
  const test::Summary summary = test::parse_summary(result.err);
  std::cout << "sent " << traffic.sent() << ", resident: received " << summary.received
            << ", matched " << summary.matched << ", captured " << summary.captured << ", lost "
            << summary.lost << '\n';
  expect_flat(early, late, "resident");
  expect(result.exit_code == 0, "exit code 0: " + result.err);
  expect(stream.whole(), "a stream that ends in a whole block");
  expect_equal(summary.received, traffic.sent(), "as many packets received as were sent");
  expect_equal(summary.matched, summary.captured + summary.lost, "matched = captured + lost");
  expect_equal(summary.captured, stream.packets(), "as many packets in the stream as captured");
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    expect_equal(chain_in(map.get(), slot).size(), 0, "an empty hook");
  }
  const std::filesystem::directory_iterator pins(std::filesystem::path(hook).parent_path());
  expect_equal(static_cast<std::uint64_t>(std::distance(begin(pins), end(pins))), 1,
               "nothing new in the bpffs");
  expect(test::eventually([&] { return count_processes("xdpcap-cpp: guardian of " + hook) == 0; }),
         "no guardian any more");
}

}  // namespace
}  // namespace xdpcap::soak

int main(int argc, char** argv) {
  CLI::App app(
      "Soak: a resident capture, and others that start, end and fail, under changing traffic.");
  unsigned seconds = 20;
  std::uint32_t seed = 1;
  app.add_option("--seconds", seconds, "Seconds to run (20)");
  app.add_option("--seed", seed, "Seed of the filters, rates and pauses (1)");
  CLI11_PARSE(app, argc, argv);
  try {
    xdpcap::soak::soak(std::chrono::seconds(seconds), seed);
    std::cout << "nothing failed\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "soak: " << error.what() << " (--seed " << seed << ")\n";
    return 1;
  }
}
