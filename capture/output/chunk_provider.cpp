// SPDX-License-Identifier: BSD-3-Clause
#include "output/chunk_provider.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <system_error>

namespace xdpcap {
namespace {

// If the pool is not small, because memory is scarce, some memory is provided early.
constexpr std::size_t kFirst = 16;

}  // namespace

ChunkProvider::ChunkProvider(const ChunkPool& pool) : pool_(pool) {
  if (pool.count() >= kFirst) provide(kFirst);
}

ChunkProvider::~ChunkProvider() {
  stop_ = true;
  if (!thread_.joinable()) return;
  provide_all();
  thread_.join();
}

void ChunkProvider::provide(std::size_t chunks) {
  if (wanted_ == chunks) return;
  wanted_ = chunks;
  wanted_.notify_one();
  try {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // then memory is provided when it is used
  }
}

// With a low priority, as emptying the rings is more urgent. Not with the lowest (SCHED_IDLE): on
// busy CPUs it would keep the lock of the address space (mmap_lock) for seconds, for which mmap(2)
// and the end of the capture wait.
void ChunkProvider::run() {
  constexpr int kNice = 10;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
  for (std::size_t provided = 0; provided < pool_.count(); ++provided) {
    for (std::size_t wanted = wanted_; wanted <= provided; wanted = wanted_) wanted_.wait(wanted);
    if (stop_) return;
    pool_.populate(provided);
  }
}

}  // namespace xdpcap
