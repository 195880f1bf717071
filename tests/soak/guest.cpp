// SPDX-License-Identifier: BSD-3-Clause
#include "soak/guest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "app/tool.hpp"
#include "base/unique_fd.hpp"
#include "soak/check.hpp"
#include "support/pcapng_file.hpp"
#include "support/small_disk.hpp"

namespace xdpcap::soak {
namespace {

using std::chrono::milliseconds;

// The account in the file's statistics, which is that of its packets.
Account account_of(const std::string& path) {
  const test::PcapngFile file = test::read_pcapng(path);
  const auto total = file.total();
  expect_equal(total.delivered, file.packets, "as many packets in the file as it says");
  expect_equal(total.accepted, file.packets + total.dropped, "matched = written + lost");
  return {total.accepted, file.packets, total.dropped};
}

Account account_of(const test::Summary& summary) {
  expect_equal(summary.matched, summary.captured + summary.lost, "matched = captured + lost");
  return {summary.matched, summary.captured, summary.lost};
}

// Until a guardian has completed the file.
bool is_whole(const std::string& path) {
  try {
    return test::read_pcapng(path).statistics.size() > 0;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::vector<std::string> Guests::command(const std::string& output) {
  constexpr std::array<const char*, 5> kFilters = {"", "greater 700", "ether[0] = 1",
                                                   "ip or arp or less 300", "ether[0] != 2"};
  constexpr std::array<const char*, 3> kSnaplens = {"0", "64", "300"};
  constexpr std::array<const char*, 3> kBuffers = {"16384", "262144", "4194304"};
  std::vector<std::string> arguments = {"-s", kSnaplens.at(random_() % kSnaplens.size()), "-buffer",
                                        kBuffers.at(random_() % kBuffers.size())};
  if (random_() % 4 == 0) arguments.insert(arguments.end(), {"-actions", "drop,tx"});
  if (random_() % 4 == 0) arguments.emplace_back("--fate");
  arguments.insert(arguments.end(), {hook_, output});
  const std::string filter = kFilters.at(random_() % kFilters.size());
  if (!filter.empty()) arguments.push_back(filter);
  return test::tool(arguments);
}

void Guests::linger() {
  std::this_thread::sleep_for(milliseconds(random_() % 300));
}

Account Guests::stopped() {
  const std::string file = folder_ + "/stopped";
  test::Process capture(command(file));
  expect(test::wait_until_live(capture, file), "a capture that begins: " + capture.err());
  linger();
  capture.signal(random_() % 2 == 0 ? SIGINT : SIGTERM);
  const test::ProcessResult result = capture.wait();
  expect(result.exit_code == 0, "exit code 0: " + result.err);
  const Account account = account_of(file);
  expect_equal(account.written, account_of(test::parse_summary(result.err)).written,
               "the summary's packets in the file");
  std::filesystem::remove(file);
  return account;
}

Account Guests::killed() {
  const std::string file = folder_ + "/killed";
  test::Process capture(command(file));
  expect(test::wait_until_live(capture, file), "a capture that begins: " + capture.err());
  linger();
  capture.signal(SIGKILL);
  capture.wait();
  expect(test::eventually([&] { return is_whole(file); }), "a guardian that completes the file");
  const Account account = account_of(file);
  std::filesystem::remove(file);
  return account;
}

// Where there was too little traffic to fill it, it is stopped.
Account Guests::full_disk() {
  const test::SmallDisk disk(folder_ + "/disk");
  const std::string file = disk.file("capture");
  test::Process capture(command(file));
  expect(test::wait_until_live(capture, file), "a capture that begins: " + capture.err());
  std::this_thread::sleep_for(milliseconds(500));
  capture.signal(SIGINT);
  const test::ProcessResult result = capture.wait();
  const bool full = result.err.find("writing to " + file + ": No space left") != std::string::npos;
  expect(result.exit_code == (full ? 2 : 0), "exit code 2 when it is full, else 0: " + result.err);
  const Account account = account_of(test::parse_summary(result.err));
  expect_equal(test::read_pcapng(file).packets, account.written,
               "the summary's packets in the file");
  return account;
}

Account Guests::reader_gone() {
  std::array<int, 2> ends{};
  expect(::pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe");
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  test::Process capture(command("-"), writer.get());
  writer.reset();
  std::array<char, 4096> buffer{};
  expect(::read(reader.get(), buffer.data(), buffer.size()) > 0, "a header: " + capture.err());
  linger();
  reader.reset();
  // It ends with the next packet that it writes, or when it is told to.
  std::this_thread::sleep_for(milliseconds(100));
  capture.signal(SIGINT);
  const test::ProcessResult result = capture.wait();
  expect(result.exit_code == 0, "exit code 0: " + result.err);
  return {};
}

}  // namespace xdpcap::soak
