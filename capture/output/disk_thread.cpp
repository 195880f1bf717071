// SPDX-License-Identifier: BSD-3-Clause
#include "output/disk_thread.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace xdpcap {
namespace {

// Whether direct writes that are aligned to ChunkPool::kAlignment are possible. Since Linux 6.1 the
// kernel says so (statx(2), STATX_DIOALIGN); before, the first write shows it.
bool suits_direct_writes(int fd) {
#ifdef STATX_DIOALIGN
  struct statx info {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) != 0) return true;
  if ((info.stx_mask & STATX_DIOALIGN) == 0) return true;
  return info.stx_dio_offset_align != 0 && ChunkPool::kAlignment % info.stx_dio_offset_align == 0 &&
         ChunkPool::kAlignment % info.stx_dio_mem_align == 0;
#else
  static_cast<void>(fd);
  return true;
#endif
}

// Opens the same file, because flags belong to an open file, which other processes share if it is
// stdout. Invalid if the file system (or a user other than root) cannot.
UniqueFd open_again(int fd, int flags) {
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  return UniqueFd(::open(self.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | flags));
}

bool appends(int fd) {
  return (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
}

bool is_aligned(std::uint64_t position) {
  return position % ChunkPool::kAlignment == 0;
}

}  // namespace

DiskThread::DiskThread(ChunkPool& pool)
    : pool_(pool), progress_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!progress_.valid()) throw system_error("creating an eventfd", errno);
  begin_anew();
}

void DiskThread::begin_anew() {
  const std::scoped_lock lock(mutex_);
  error_ = 0;
  queue_.clear();
  free_.clear();
  for (std::size_t i = pool_.count(); i > 0; --i) free_.push_back(i - 1);
}

DiskThread::~DiskThread() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  added_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void DiskThread::begin_file(std::uint64_t number, int fd, std::uint64_t offset) {
  end_file(number);
  File& file = this->file(number);
  file.fd = fd;
  // Blocks have whole words, so after other contents they may never end at a multiple of a page.
  constexpr std::uint64_t kWord = 4;
  if (offset % kWord == 0 && suits_direct_writes(fd)) file.direct = open_again(fd, O_DIRECT);
  // Where O_APPEND is set, pwrite() ignores its offset. Without direct writes, each write follows
  // the one before.
  if (file.direct.valid() && appends(fd)) {
    file.plain = open_again(fd, 0);
    if (!file.plain.valid()) file.direct = {};
  }
  if (file.plain.valid()) file.fd = file.plain.get();
  file.directly = file.direct.valid();
  file.write_behind.begin(offset);
  const std::scoped_lock lock(mutex_);
  file.reached = offset;
}

void DiskThread::end_file(std::uint64_t number) {
  file(number).direct = {};
  file(number).plain = {};
}

void DiskThread::drop_file(std::uint64_t number) {
  std::unique_lock lock(mutex_);
  while (!queue_.empty() && queue_.front().file == number) {
    if (queue_.front().freed) free_.push_back(*queue_.front().freed);
    queue_.pop_front();
  }
  error_ = 0;
  while (!thread_.joinable() && !queue_.empty() && error_ == 0) write_next(lock);
  lock.unlock();
  added_.notify_one();
}

std::optional<std::size_t> DiskThread::take_free_chunk() {
  const std::scoped_lock lock(mutex_);
  if (free_.empty()) return std::nullopt;
  const std::size_t chunk = free_.back();
  free_.pop_back();
  return chunk;
}

void DiskThread::add(const Write& write) {
  if (!thread_.joinable()) start();
  std::unique_lock lock(mutex_);
  queue_.push_back(write);
  if (!thread_.joinable() && error_ == 0) return write_next(lock);
  lock.unlock();
  added_.notify_one();
}

void DiskThread::start() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {  // the user's limit on threads (-Z), or no memory
  }
}

void DiskThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    added_.wait(lock, [this] { return stop_ || (!queue_.empty() && error_ == 0); });
    if (stop_) return;
    write_next(lock);
  }
}

void DiskThread::write_next(std::unique_lock<std::mutex>& lock) {
  const Write next = queue_.front();
  lock.unlock();
  const int error = write(next);
  if (error == 0 && next.ends_block) pool_.note_on_disk(next.file, next.to);
  lock.lock();
  error_ = error;
  if (error == 0) {
    queue_.pop_front();
    if (next.freed) free_.push_back(*next.freed);
  }
  if (somebody_waits_) ::eventfd_write(progress_.get(), 1);
}

// Returns an errno, or 0.
int DiskThread::write(const Write& write) {
  File& file = this->file(write.file);
  bool direct = may_be_direct(file, write);
  std::uint64_t at = write.from;
  int error = 0;
  if (write.truncates && ::ftruncate(file.fd, static_cast<off_t>(at)) != 0) error = errno;
  while (at < write.to && error == 0) {
    const ssize_t count =
        ::pwrite(direct ? file.direct.get() : file.fd, write.memory + (at - write.from),
                 write.to - at, static_cast<off_t>(at));
    if (count > 0) at += static_cast<std::uint64_t>(count);
    if (count == 0) error = ENOSPC;
    if (count < 0 && errno == EINVAL && direct) {  // it only seemed to be possible
      file.directly = false;
    } else if (count < 0 && errno != EINTR) {
      error = errno;
    }
    direct = direct && file.directly && is_aligned(at);
  }
  {
    const std::scoped_lock lock(mutex_);
    file.reached = at;
  }
  if (error != 0) return error;
  if (direct) {
    file.write_behind.skip(at);
    return 0;
  }
  return file.write_behind.wrote(file.fd, at);
}

bool DiskThread::may_be_direct(const File& file, const Write& write) {
  return file.directly && is_aligned(write.from) && is_aligned(write.to) &&
         is_aligned(reinterpret_cast<std::uintptr_t>(write.memory));
}

int DiskThread::error() {
  const std::scoped_lock lock(mutex_);
  return error_;
}

bool DiskThread::has_failed(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  return error_ != 0 && queue_.front().file == number;
}

bool DiskThread::is_written(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  return has_written(number);
}

// With the mutex held.
bool DiskThread::has_written(std::uint64_t number) const {
  return queue_.empty() || queue_.front().file > number;
}

std::uint64_t DiskThread::reached(std::uint64_t number) {
  const std::scoped_lock lock(mutex_);
  return file(number).reached;
}

void DiskThread::wait_until_written(std::uint64_t number, Timeout timeout) {
  wait([&] { return has_written(number); }, timeout);
}

void DiskThread::wait_for_chunk(Timeout timeout) {
  wait([&] { return !free_.empty(); }, timeout);
}

// The condition is asked with the mutex held.
template <typename Condition>
void DiskThread::wait(Condition is_reached, Timeout timeout) {
  for (;;) {
    {
      const std::scoped_lock lock(mutex_);
      somebody_waits_ = error_ == 0 && !is_reached();
      if (!somebody_waits_) return;
    }
    int milliseconds = -1;
    if (timeout.end != 0) {
      const std::uint64_t now = monotonic_now();
      if (now >= timeout.end) return;
      milliseconds = static_cast<int>((timeout.end - now) / 1'000'000 + 1);
    }
    std::array<pollfd, 2> fds = {pollfd{progress_.get(), POLLIN, 0},
                                 pollfd{timeout.interrupt_fd, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), milliseconds) < 0 && errno != EINTR) return;
    eventfd_t ignored = 0;
    ::eventfd_read(progress_.get(), &ignored);
    if (fds[1].revents != 0) return;
  }
}

}  // namespace xdpcap
