// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/disk_limits.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iomanip>
#include <memory>
#include <ostream>
#include <utility>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "bench/capture/stop.hpp"

namespace xdpcap::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kWrite = std::size_t{4} << 20U;
constexpr std::size_t kHugePage = std::size_t{2} << 20U;

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

// Buffer is the memory for one write, in huge pages if the kernel has them: single pages are
// separate pieces for the disk.
class Buffer {
 public:
  Buffer() : memory_(static_cast<std::byte*>(std::aligned_alloc(kHugePage, kWrite))) {
    if (!memory_) throw Error("allocating a buffer: " + errno_text(ENOMEM));
    huge_ = ::madvise(memory_.get(), kWrite, MADV_HUGEPAGE) == 0;
    std::memset(memory_.get(), 0x55, kWrite);
    constexpr int kCollapse = 25;  // MADV_COLLAPSE: Linux 6.1
    if (::madvise(memory_.get(), kWrite, kCollapse) != 0 && errno != EINVAL) huge_ = false;
  }
  [[nodiscard]] const std::byte* data() const { return memory_.get(); }
  [[nodiscard]] bool huge() const { return huge_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  bool huge_ = false;
};

UniqueFd create(const DiskFolder& folder, int flags) {
  UniqueFd file(
      ::open(folder.capture().c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | flags, 0600));
  if (file.valid()) return file;
  if (errno == EINVAL) {
    throw Error("measuring the disk: no O_DIRECT in " + folder.path().string(),
                "name a folder on another file system with --disk-folder");
  }
  throw system_error("measuring the disk", errno);
}

// Writes until `seconds` have passed or `most` bytes are written, and returns bytes a second.
double write_rate(const DiskFolder& folder, const Buffer& buffer, int flags, double seconds,
                  std::uint64_t most) {
  const UniqueFd file = create(folder, flags);
  const auto begin = steady_clock::now();
  std::uint64_t bytes = 0;
  while (seconds_since(begin) < seconds && bytes + kWrite <= most) {
    throw_if_stopped();
    const ssize_t size = ::write(file.get(), buffer.data(), kWrite);
    if (std::cmp_not_equal(size, kWrite)) throw system_error("writing to the disk", errno);
    bytes += kWrite;
  }
  if (::fsync(file.get()) != 0) throw system_error("writing to the disk", errno);
  const double took = seconds_since(begin);
  folder.clear();
  return static_cast<double>(bytes) / took;
}

}  // namespace

DiskLimits measure_limits(const DiskFolder& folder, double seconds) {
  const Buffer buffer;
  DiskLimits limits;
  limits.huge_pages = buffer.huge();
  limits.dirty = read_dirty_limits();
  limits.direct = write_rate(folder, buffer, O_DIRECT, seconds, folder.room());
  limits.buffered = write_rate(folder, buffer, 0, seconds, folder.room());
  return limits;
}

void print_limits(std::ostream& out, const DiskFolder& folder, const DiskLimits& limits) {
  constexpr double kGB = 1e9;
  out << std::fixed << std::setprecision(2) << "Disk of " << folder.path().parent_path().string()
      << ": " << limits.direct / kGB << " GB/s with O_DIRECT"
      << (limits.huge_pages ? "" : " (no huge pages)") << ", " << limits.buffered / kGB
      << " GB/s through the page cache with fsync()\nvm.dirty_ratio " << limits.dirty.ratio
      << ", vm.dirty_background_ratio " << limits.dirty.background_ratio
      << ": the page cache keeps " << static_cast<double>(limits.dirty.most) / kGB
      << " GB dirty at most\nFree: " << static_cast<double>(folder.room()) / kGB
      << " GB, without the 10 GiB that are left\n\n";
}

}  // namespace xdpcap::bench
