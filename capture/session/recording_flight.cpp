// SPDX-License-Identifier: BSD-3-Clause
// The part of a recording that keeps the newest packets and writes them on a trigger.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "session/recording.hpp"

namespace xdpcap {

// All packets before `settled` are in memory. False when the capture is over.
bool Recording::write_flight(std::uint64_t settled) {
  if (fates_ && fates_->saw_trigger()) {
    flight_->trigger().request("fate " + options_.trigger_fates->text(), monotonic_now());
  }
  if (flight_->look_at_writer()) commit();
  if (flight_->limit_reached()) return false;
  if (flight_->is_due(settled)) begin_flight_file(false);
  return true;
}

void Recording::begin_flight_file(bool last) {
  const Moment moment = now();
  if (flight_->take_out(moment)) {
    flight_->write(statistics(), header(flight_->comment()), moment, last);
  }
  commit();
}

void Recording::end_rest(int stop_fd) {
  file().give_up();
  files_.end_previous();
  if (flight_) end_flight(stop_fd);
}

// Writes what has been asked for; the rest is discarded.
void Recording::end_flight(int stop_fd) {
  flight_->wait_for_writer(stop_fd);
  if (flight_->trigger().is_requested() && !flight_->limit_reached()) {
    begin_flight_file(true);
    flight_->wait_for_writer(stop_fd);
  }
  flight_->discard();
  commit();
}

void Recording::resume() {
  new_notes_ = nullptr;  // what changes something was in the capture
  if (!flight_) return files_.resume();
  // What was not selected by its fate, and what was dropped, is one sum there.
  flight_->set_clock_offset(clock_.offset());
  const std::vector<std::uint64_t> none(interfaces_.size());
  flight_->resume(fates_ ? std::span(none) : checkpoint_.state().left_out);
  flight_->trigger().request("the end of its process", monotonic_now());
}

std::uint64_t Recording::due_at() const {
  // Packets of the last moments are in memory only after this time.
  constexpr std::uint64_t kUntilSettled = 1'000'000;
  const std::uint64_t due = flight_ ? flight_->due_at(monotonic_now()) : kUnlimited;
  return std::min(files_.due_at(), due == kUnlimited ? due : due + kUntilSettled);
}

}  // namespace xdpcap
