// SPDX-License-Identifier: BSD-3-Clause
#include "soak/guest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "soak/check.hpp"
#include "soak/process_gauge.hpp"
#include "support/pcapng_file.hpp"
#include "support/small_disk.hpp"
#include "support/tool.hpp"

namespace xdpcap::soak {
namespace {

using std::chrono::milliseconds;

// The counts in the file's statistics, which must match its packets. Packets that were not selected
// have no field there.
Account account_of(const std::string& path) {
  const test::PcapngFile file = test::read_pcapng(path);
  const auto total = file.total();
  expect_equal(total.delivered, file.packets, "as many packets in the file as in its statistics");
  expect(total.accepted >= file.packets + total.dropped, "matched = written + not selected + lost");
  return {.matched = total.accepted,
          .written = file.packets,
          .left_out = total.accepted - file.packets - total.dropped,
          .lost = total.dropped};
}

Account account_of(const test::Summary& summary) {
  expect_equal(summary.matched, summary.captured + summary.left_out + summary.lost,
               "matched = captured + not selected + lost");
  return {.matched = summary.matched,
          .written = summary.captured,
          .left_out = summary.left_out,
          .lost = summary.lost};
}

// The counts of all files of a folder.
Account account_of_all(const std::string& folder) {
  Account sum;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const Account one = account_of(entry.path());
    sum.matched += one.matched;
    sum.written += one.written;
    sum.left_out += one.left_out;
    sum.lost += one.lost;
  }
  return sum;
}

// False until a guardian has completed the file.
bool is_whole(const std::string& path) {
  try {
    return !test::read_pcapng(path).statistics.empty();
  } catch (const std::exception&) {
    return false;
  }
}

unsigned guardians_of(const std::string& hook) {
  return count_processes("xdpcap-cpp: guardian of " + hook);
}

bool all_whole(const std::string& folder) {
  const std::filesystem::directory_iterator files(folder);
  return std::all_of(begin(files), end(files),
                     [](const auto& entry) { return is_whole(entry.path()); });
}

}  // namespace

std::vector<std::string> Guests::command(const std::string& output,
                                         std::vector<std::string> options) {
  constexpr std::array<const char*, 5> kFilters = {"", "greater 700", "ether[0] = 1",
                                                   "ip or arp or less 300", "ether[0] != 2"};
  constexpr std::array<const char*, 3> kSnaplens = {"0", "64", "300"};
  constexpr std::array<const char*, 3> kBuffers = {"16384", "262144", "4194304"};
  constexpr std::array<const char*, 3> kFates = {"--fate", "--fate=none", "--only-failed"};
  options.insert(options.end(), {"-s", kSnaplens.at(random_() % kSnaplens.size()), "-buffer",
                                 kBuffers.at(random_() % kBuffers.size())});
  if (random_() % 4 == 0) options.insert(options.end(), {"-actions", "drop,tx"});
  if (random_() % 3 == 0) options.emplace_back(kFates.at(random_() % kFates.size()));
  options.insert(options.end(), {hook_, output});
  const std::string filter = kFilters.at(random_() % kFilters.size());
  if (!filter.empty()) options.push_back(filter);
  return test::tool(options);
}

void Guests::wait_randomly() {
  std::this_thread::sleep_for(milliseconds(random_() % 300));
}

Account Guests::stopped() {
  const std::string file = folder_ + "/stopped";
  test::Process capture(command(file));
  expect(test::wait_until_live(capture, file), "a capture that begins: " + capture.err());
  wait_randomly();
  capture.signal(random_() % 2 == 0 ? SIGINT : SIGTERM);
  const test::ProcessResult result = capture.wait();
  expect(result.exit_code == 0, "exit code 0: " + result.err);
  const Account account = account_of(file);
  expect(account == account_of(test::parse_summary(result.err)),
         "the summary's counts in the file");
  std::filesystem::remove(file);
  return account;
}

Account Guests::killed() {
  const std::string file = folder_ + "/killed";
  test::Process capture(command(file));
  expect(test::wait_until_live(capture, file), "a capture that begins: " + capture.err());
  wait_randomly();
  capture.signal(SIGKILL);
  capture.wait();
  expect(test::eventually([&] { return is_whole(file); }), "a guardian that completes the file");
  const Account account = account_of(file);
  std::filesystem::remove(file);
  return account;
}

// If there is too little traffic to fill the disk, the capture is stopped.
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

Account Guests::rotated() {
  const std::string folder = folder_ + "/rotated";
  std::filesystem::create_directory(folder);
  test::Process capture(command(folder + "/file", {"-C", "500k"}));
  expect(test::wait_until_live(capture, folder + "/file"),
         "a capture that begins: " + capture.err());
  wait_randomly();
  const bool killed = random_() % 2 == 0;
  capture.signal(killed ? SIGKILL : SIGINT);
  const test::ProcessResult result = capture.wait();
  if (killed) {
    expect(test::eventually([&] { return guardians_of(hook_) == 1 && all_whole(folder); }),
           "a guardian that completes the last file");
  } else {
    expect(result.exit_code == 0, "exit code 0: " + result.err);
  }
  const Account account = account_of_all(folder);
  if (!killed) {
    expect(account == account_of(test::parse_summary(result.err)),
           "the summary's counts in the files");
  }
  std::filesystem::remove_all(folder);
  return account;
}

Account Guests::printed() {
  const std::string file = folder_ + "/printed";
  test::Process capture(command(file, {"--print", "-n", "-c", "2000"}));
  expect(test::wait_until_live(capture, file), "a capture that begins: " + capture.err());
  wait_randomly();
  capture.signal(SIGINT);
  const test::ProcessResult result = capture.wait();
  expect(result.exit_code == 0, "exit code 0: " + result.err);
  const Account account = account_of(file);
  expect(account == account_of(test::parse_summary(result.err)),
         "the summary's counts in the file");
  expect(account.written <= 2000, "no more packets than -c allows");
  std::filesystem::remove(file);
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
  wait_randomly();
  reader.reset();
  // It ends with the next packet that it writes, or by the signal.
  std::this_thread::sleep_for(milliseconds(100));
  capture.signal(SIGINT);
  const test::ProcessResult result = capture.wait();
  expect(result.exit_code == 0, "exit code 0: " + result.err);
  return {};  // the packets left in the pipe cannot be counted
}

}  // namespace xdpcap::soak
