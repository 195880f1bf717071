// SPDX-License-Identifier: BSD-3-Clause
// When a flight recording writes a file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "output/batch.hpp"
#include "output/flight_options.hpp"
#include "output/statistics.hpp"

namespace xdpcap {

// FlightTrigger knows of one trigger at a time: those that follow before its file is begun are part
// of the same event. Times are CLOCK_MONOTONIC in ns.
class FlightTrigger {
 public:
  // Each file begins at least this long after the one before, however many triggers there are.
  static constexpr std::uint64_t kLeastBetweenFiles = 1'000'000'000;

  FlightTrigger(const FlightOptions& options, const std::vector<CaptureInterface>& interfaces);

  // SIGUSR2, or a packet that somebody else has judged.
  void request(const std::string& reason, std::uint64_t now);
  // Looks for a packet that is a trigger. `blocks` are those of the batch.
  void look_at(const Batch& batch, std::span<const std::span<const std::byte>> blocks);

  [[nodiscard]] bool is_requested() const { return requested_.has_value(); }
  // How long ago; 0: not at all.
  [[nodiscard]] std::uint64_t age(std::uint64_t now) const {
    return requested_ ? now - requested_->time : 0;
  }
  // When its file is to be begun, with what arrived until then.
  [[nodiscard]] std::uint64_t due_at() const { return requested_ ? due_ : kNever; }
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  struct Event {
    std::string reason;
    std::uint64_t time = 0;
  };
  // The file is begun now: the next trigger is another event.
  Event take(std::uint64_t now);

 private:
  const FlightOptions& options_;
  std::vector<std::string> actions_;  // by interface: the action's name if it is a trigger
  std::optional<Event> requested_;
  std::uint64_t due_ = 0;
  std::uint64_t last_file_ = 0;
};

}  // namespace xdpcap
