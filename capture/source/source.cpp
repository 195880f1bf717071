// SPDX-License-Identifier: BSD-3-Clause
#include "source/source.hpp"

#include <cstddef>

namespace xdpcap {

// The capture may be stopped, and take nothing for a long time.
void SourceReports::post(char kind, std::string text) {
  constexpr std::size_t kMostUnsent = 1000;
  if (unsent_.size() >= kMostUnsent) return;
  unsent_.push_back({.kind = kind, .channel = channel_, .text = std::move(text)});
}

bool SourceReports::send(Message message) const {
  message.channel = channel_;
  return report_.send(message);
}

void SourceReports::flush() {
  while (!unsent_.empty() && report_.send(unsent_.front())) unsent_.pop_front();
}

}  // namespace xdpcap
