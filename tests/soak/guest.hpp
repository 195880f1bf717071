// SPDX-License-Identifier: BSD-3-Clause
// Captures that start and end: each with its own filter, snaplen, buffer, and way to end. All throw
// if anything is wrong.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace xdpcap::soak {

// matched = written + not selected + lost.
struct Account {
  std::uint64_t matched = 0;
  std::uint64_t written = 0;
  std::uint64_t left_out = 0;
  std::uint64_t lost = 0;

  friend bool operator==(const Account&, const Account&) = default;
};

class Guests {
 public:
  Guests(std::string hook, std::string folder, std::uint32_t seed)
      : hook_(std::move(hook)), folder_(std::move(folder)), random_(seed) {}

  Account stopped();      // by a signal
  Account killed();       // by SIGKILL
  Account full_disk();    // on a disk of 256 KiB
  Account reader_gone();  // the reader closes the pipe after some bytes
  Account rotated();      // by a signal or SIGKILL, while it writes many files
  Account printed();      // by a signal or after some packets, with --print

 private:
  std::vector<std::string> command(const std::string& output,
                                   std::vector<std::string> options = {});
  void wait_randomly();

  std::string hook_;
  std::string folder_;
  std::mt19937 random_;
};

}  // namespace xdpcap::soak
