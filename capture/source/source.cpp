// SPDX-License-Identifier: BSD-3-Clause
#include "source/source.hpp"

#include <cstddef>

namespace xdpcap {

// The queue is limited, as the capture may be stopped (SIGSTOP) for a long time.
void SourceReports::post(char kind, std::string text) {
  constexpr std::size_t kMostUnsent = 1000;
  if (unsent_.size() >= kMostUnsent) return;
  unsent_.push_back({.kind = kind, .channel = channel_, .text = std::move(text)});
}

bool SourceReports::send(Message message) {
  flush();
  if (!unsent_.empty()) return false;
  message.channel = channel_;
  return report_.send(message);
}

void SourceReports::flush() {
  while (!unsent_.empty() && report_.send(unsent_.front())) unsent_.pop_front();
}

}  // namespace xdpcap
