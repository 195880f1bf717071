// SPDX-License-Identifier: BSD-3-Clause
// A recorder takes the place of another one in its slot while packets pass, as it would have to if
// a running capture changed its filter. Each packet reaches one of the two, and both count in the
// same row.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <thread>
#include <vector>

#include "recorder/lone_recorder.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kInBoth = 60;  // the length that both filters take
constexpr std::size_t kInFirst = 61;
constexpr std::size_t kInSecond = 62;
constexpr const char* kFirst = "len = 60 or len = 61";
constexpr const char* kSecond = "len = 60 or len = 62";

using Tally = std::array<std::atomic<std::uint64_t>, 3>;  // packets by length, from kInBoth on

std::uint64_t sum(const Tally& tally) {
  return tally[0] + tally[1] + tally[2];
}

// Reader empties the rings all the time.
class Reader {
 public:
  explicit Reader(Rings& rings)
      : rings_(rings), thread_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) read();
        }) {}

  // To be called when nothing is sent any more.
  void finish() {
    thread_ = {};
    read();
  }
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void read() {
    for (RingCursor& cursor : rings_.cursors()) {
      for (cursor.refresh(); cursor.ready(); cursor.next()) {
        ++tally_.at(cursor.block().original_length - kInBoth);
      }
      cursor.release();
    }
    std::this_thread::yield();
  }

  Rings& rings_;
  Tally tally_{};
  std::jthread thread_;
};

// Senders are threads that send packets of all lengths. They wait while the rings hold many, so
// that nothing is lost.
class Senders {
 public:
  Senders(const LoneRecorder& lone, const Reader& reader) {
    for (int i = 0; i < 2; ++i) {
      threads_.emplace_back([&, this](const std::stop_token& stop) {
        while (!stop.stop_requested()) send(lone, reader);
      });
    }
  }

  void finish() { threads_.clear(); }
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void send(const LoneRecorder& lone, const Reader& reader) {
    constexpr std::uint32_t kBurst = 50;
    constexpr std::uint64_t kMost = 1000;
    const std::uint64_t read = sum(reader.tally());
    if (lone.control.read(0).matched > read + kMost) return std::this_thread::yield();
    for (std::size_t i = 0; i < tally_.size(); ++i) {
      lone.hooked.run(numbered_packet(kInBoth + i), kBurst);
      tally_.at(i) += kBurst;
    }
  }

  Tally tally_{};
  std::vector<std::jthread> threads_;
};

// With the same counters, rings and identity as the first one.
UniqueFd another_recorder(const LoneRecorder& lone, const char* filter) {
  return load_xdp_program(
      "recorder",
      make_recorder({.action = XdpAction(XDP_DROP),
                     .interface_id = 0,
                     .snaplen = kMaxSnaplen,
                     .cpus = lone.cpus.possible,
                     .counters_row = 0,
                     .control_fd = lone.control.fd(),
                     .rings_fd = lone.rings.array_fd(),
                     .ring_bytes = static_cast<std::uint32_t>(lone.rings.bytes_per_cpu()),
                     .wakeup_fd = lone.wakeup.fd(),
                     .frags = LoneRecorder::kFlavour.frags,
                     .has_xdp_load_bytes = has_xdp_load_bytes()},
                    compile_filter(filter, LinkType{})),
      LoneRecorder::kFlavour);
}

void put(const LoneRecorder& lone, const UniqueFd& recorder) {
  const std::uint32_t slot = XDP_DROP;
  const int fd = recorder.get();
  ASSERT_EQ(bpf_map_update_elem(lone.hook.get(), &slot, &fd, BPF_ANY), 0);
}

TEST(Exchange, LosesNoPacketAndRecordsNoneTwice) {
  constexpr int kTimes = 1000;
  constexpr std::uint64_t kBetween = 20;
  LoneRecorder lone(kFirst);
  cpu_set_t usable;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(usable), &usable), 0);
  if (CPU_COUNT(&usable) < 2) GTEST_SKIP() << "on one CPU, no exchange can meet a packet";
  const UniqueFd first = another_recorder(lone, kFirst);
  const UniqueFd second = another_recorder(lone, kSecond);
  Reader reader(lone.rings);
  Senders senders(lone, reader);
  const auto received = [&] { return lone.control.read(0).received; };
  int met = 0;  // exchanges during which packets arrived
  for (int i = 1; i <= kTimes; ++i) {
    for (const std::uint64_t until = received() + kBetween; received() < until;) {
      std::this_thread::yield();
    }
    const std::uint64_t before = received();
    put(lone, i % 2 == 0 ? first : second);
    const std::uint64_t after = received();
    EXPECT_GE(after, before);
    met += after > before ? 1 : 0;
  }
  senders.finish();
  reader.finish();
  const Tally& sent = senders.tally();
  const Tally& written = reader.tally();
  const Counts counts = lone.control.read(0);
  EXPECT_GT(met, 0);
  EXPECT_EQ(counts.received, sum(sent));
  EXPECT_EQ(counts.lost, 0U);
  EXPECT_EQ(counts.matched, sum(written));
  EXPECT_EQ(written[0], sent[0]);
  // Each filter has been in force, and neither all the time.
  for (const std::size_t length : {kInFirst, kInSecond}) {
    EXPECT_GT(written.at(length - kInBoth), 0U) << length;
    EXPECT_LT(written.at(length - kInBoth), sent.at(length - kInBoth)) << length;
  }
}

}  // namespace
}  // namespace xdpcap::test
