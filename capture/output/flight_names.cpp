// SPDX-License-Identifier: BSD-3-Clause
#include "output/flight_names.hpp"

#include <utility>

namespace xdpcap {

FlightNames::FlightNames(std::string path, std::uint32_t ring)
    : path_(std::move(path)), current_(path_) {
  rotation_.ring = ring;
  if (path_.find('%') == std::string::npos) {
    rotation_.each.packets = 1;
  } else {
    rotation_.every = 1;
    turn_ = FileNames::Turn::time;
  }
  current_ = FileNames(path_, rotation_, std::time(nullptr)).current();
}

// The first name has the date of the first file, not that of the capture's beginning.
const std::string& FlightNames::next(std::time_t now) {
  if (names_) {
    current_ = names_->next(turn_, now);
  } else {
    current_ = names_.emplace(path_, rotation_, now).current();
  }
  if (turn_ == FileNames::Turn::time) kept_.push_back(current_);
  return current_;
}

std::optional<std::string> FlightNames::outdated() {
  if (rotation_.ring == 0 || kept_.size() <= rotation_.ring) return std::nullopt;
  std::string oldest = std::move(kept_.front());
  kept_.pop_front();
  return oldest;
}

}  // namespace xdpcap
