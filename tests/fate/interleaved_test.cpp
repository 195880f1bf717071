// SPDX-License-Identifier: BSD-3-Clause
// Fates are attributed to the right packets on two CPUs.
#include <gmock/gmock.h>

#include <array>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "fate/fate_lab.hpp"
#include "support/cpu.hpp"

namespace xdpcap::test {
namespace {

// A link with a queue for each of two CPUs: what one of them sends, it also receives.
class Interleaved : public FateLab {
 protected:
  Interleaved() {
    let_right_receive();
    middle_.run({"ip", "link", "add", "m2", "numtxqueues", "2", "numrxqueues", "2", "type", "veth",
                 "peer", "name", "l2", "netns", left_.name(), "numtxqueues", "2", "numrxqueues",
                 "2"});
    left_.run({"ip", "link", "set", "l2", "up"});
    middle_.run({"ip", "link", "set", "m2", "up"});
    attach(middle_, "m2", program("by_first_byte"));
    middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
    fill(0, "m1");
    fill(1, "v0");  // its peer runs no XDP
  }

  // Frames that each ask for a fate by lot, all of one CPU. Now and then it waits for the other
  // one, as a busy machine would let them send one after the other.
  void send_from(std::uint32_t cpu) {
    stay_on_cpu(cpu % std::thread::hardware_concurrency());
    const PacketSocket socket(left_, "l2");
    socket.send_by_own_queue();
    std::mt19937 random(cpu);
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      const auto what = static_cast<std::uint8_t>(kWhat.at(random() % kWhat.size()));
      if (i % kTogether == 0) both_.arrive_and_wait();
      socket.send(frame_for(what, random() % 3, cpu * kFrames + i));
    }
  }

  // What the comment of a frame has to say, by its content and queue.
  [[nodiscard]] std::string expected(const Packet& frame, std::uint32_t queue) const {
    const std::string reported = trailer("by_first_byte", "m2", queue);
    std::string silent = "ingress=" + std::to_string(index("m2")) + " rxq=" + std::to_string(queue);
    switch (frame[0]) {
      case TRY_DEVMAP:
        return by_key(frame[1]) + reported;
      case TRY_ABORTED:
        return "fate=aborted" + reported;
      case TRY_INVALID:
        return "fate=dropped reason=invalid-action" + reported;
      case TRY_TX:
        return "fate=queued " + silent;
      default:
        return silent;
    }
  }

  static constexpr std::uint32_t kFrames = 20'000;
  static constexpr std::uint32_t kTogether = 100;
  static constexpr std::array kWhat = {TRY_ABORTED, TRY_DROP,   TRY_PASS,   TRY_TX,
                                       TRY_DEVMAP,  TRY_DEVMAP, TRY_INVALID};

 private:
  std::barrier<> both_{2};

  [[nodiscard]] std::string by_key(std::uint8_t key) const {
    if (key == 0) return "fate=redirected to=" + device("m1") + " via=" + via("devices", 0);
    if (key == 1) {
      return "fate=dropped reason=EOPNOTSUPP to=" + device("v0") + " via=" + via("devices", 1);
    }
    return "fate=aborted";
  }
};

// What the frame asked for, and what its comment says, have to be the same for every one.
TEST_F(Interleaved, EveryFateLandsOnItsOwnPacket) {
  ASSERT_NO_FATAL_FAILURE(start());
  std::thread other([this] { send_from(1); });
  std::thread one([this] { send_from(0); });
  one.join();
  other.join();
  ASSERT_NO_FATAL_FAILURE(stop());

  // A link whose queue is full may drop a frame, a capture may not.
  ASSERT_EQ(bytes_.size(), summary_.received);
  EXPECT_GT(bytes_.size(), kFrames);
  std::map<std::array<std::uint32_t, 3>, std::string> texts;  // (what, key, queue)
  std::uint32_t last_queue = 0;
  std::uint32_t changes = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    const auto queue = static_cast<std::uint32_t>(std::stoul(packets_[i].queue));
    std::string& text = texts[{bytes_[i][0], bytes_[i][1], queue}];
    if (text.empty()) text = expected(bytes_[i], queue);
    ASSERT_EQ(packets_[i].comment, text) << "packet " << i;
    changes += queue == last_queue ? 0 : 1;
    last_queue = queue;
  }
  // Every fate on each of the two queues, and the two in turn.
  EXPECT_EQ(texts.size(), std::size_t{2} * 3 * std::set(kWhat.begin(), kWhat.end()).size());
  EXPECT_GT(changes, 100U);
}

}  // namespace
}  // namespace xdpcap::test
