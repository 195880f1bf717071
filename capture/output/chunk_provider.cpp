// SPDX-License-Identifier: BSD-3-Clause
#include "output/chunk_provider.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace xdpcap {
namespace {

constexpr std::size_t kFirst = 16;

}  // namespace

ChunkProvider::ChunkProvider(const ChunkPool& pool)
    : pool_(pool), wanted_(std::min(kFirst, pool.count())) {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // then memory is provided when it is used
  }
}

ChunkProvider::~ChunkProvider() {
  stop_ = true;
  provide_all();
  if (thread_.joinable()) thread_.join();
}

void ChunkProvider::provide_all() {
  if (wanted_ == pool_.count()) return;
  wanted_ = pool_.count();
  wanted_.notify_one();
}

// Large pages are cleared without a pause, on a fresh virtual machine for some milliseconds each.
// While packets arrive, there must be time in between to empty the rings.
void ChunkProvider::run() {
  constexpr auto kPause = std::chrono::milliseconds(25);
  for (std::size_t provided = 0; provided < pool_.count(); ++provided) {
    for (std::size_t wanted = wanted_; wanted <= provided; wanted = wanted_) wanted_.wait(wanted);
    if (provided >= kFirst) std::this_thread::sleep_for(kPause);
    if (stop_) return;
    pool_.populate(provided);
  }
}

}  // namespace xdpcap
