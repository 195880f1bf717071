// SPDX-License-Identifier: BSD-3-Clause
// The lab: two network namespaces with a veth pair between them, a hooked program on the receiving
// end, and a generator of packets on the sending one.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/bpf_object.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"

struct capture_lab_bpf;

namespace xdpcap::bench {

// What is on the receiving interface: a program with a hook, one without, or none. The programs
// drop every packet.
enum class Receiver : std::uint8_t { hooked, hookless, none };

// How packets reach the hook: through the veth pair, or generated right before it, which skips
// everything that is not XDP and so allows higher rates.
enum class Path : std::uint8_t { veth, direct };

// Traffic is the result of a run of the generator. Rates are in packets a second.
struct Traffic {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;  // by the program or, without one, by the interface
  double seconds = 0;          // while packets were sent, without the set-up of runs
  bool same_cpu = true;        // packets were received on the CPU that sent them

  [[nodiscard]] double rate() const {
    return seconds > 0 ? static_cast<double>(sent) / seconds : 0;
  }
};

class Lab {
 public:
  static constexpr const char* kSender = "sender";
  static constexpr const char* kReceiver = "receiver";

  // Moves the calling thread into the sending namespace and onto `cpu`. Throws Error.
  explicit Lab(std::uint32_t cpu);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  Lab(Lab&&) = delete;
  Lab& operator=(Lab&&) = delete;

  [[nodiscard]] std::string hook() const { return pins_.path("hook"); }
  [[nodiscard]] const test::Namespace& receiving() const { return receiving_; }
  // Whether a capture of the hook is running.
  [[nodiscard]] bool hook_is_live() const;

  void set_receiver(Receiver receiver);

  // Sends `packets` frames of `size` bytes (without the frame check sequence), `rate` a second or,
  // with 0, as fast as possible. Ends early after a stop signal, or `most_seconds`, if another
  // million packets would begin then.
  Traffic send(Path path, std::uint32_t size, double rate, std::uint64_t packets,
               double most_seconds = std::numeric_limits<double>::infinity());

  // ns a packet of the receiving program over `repeat` runs: with the hook or without.
  [[nodiscard]] double program_cost(bool hooked, std::uint32_t size, std::uint32_t repeat) const;

 private:
  void load();
  static void enable_napi();
  [[nodiscard]] std::uint64_t interface_packets() const;

  test::Namespace sending_, receiving_;
  test::PinFolder pins_;
  test::SkeletonOwner<capture_lab_bpf> skeleton_;
  int receiver_ifindex_ = 0;
  Receiver receiver_ = Receiver::hooked;
};

// ns a packet that an idle hook adds to the receiving program, loaded for this measurement only:
// the address of the code makes a difference of 2 ns, so measure more than once.
double idle_hook_cost(std::uint32_t size, std::uint32_t repeat);

// An Ethernet frame of `size` bytes: IPv4, UDP from 10.55.0.1:4000 to 10.55.0.2:4001.
std::vector<std::uint8_t> make_frame(std::uint32_t size);

}  // namespace xdpcap::bench
