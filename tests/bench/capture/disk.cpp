// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/disk.hpp"

#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/error.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kLeaveFree = 10 * kGiB;

void refuse_memory(const std::filesystem::path& folder) {
  const std::string doing = "--disk-folder " + folder.string();
  struct statfs file_system {};
  if (::statfs(folder.c_str(), &file_system) != 0) {
    throw UsageError(doing + ": " + errno_text(errno));
  }
  // The type's width differs between architectures.
  const auto type = static_cast<std::uint32_t>(file_system.f_type);
  if (type == TMPFS_MAGIC || type == RAMFS_MAGIC) {
    throw UsageError(doing + ": files there are in memory (tmpfs)", "name a folder on a disk");
  }
}

// The number after `name` in a file of names and numbers; 0 if it is not there.
std::uint64_t number_in(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string first;
    std::uint64_t number = 0;
    if (fields >> first >> number && first == name) return number;
  }
  return 0;
}

int setting(const char* path) {
  int number = 0;
  std::ifstream(path) >> number;
  return number;
}

}  // namespace

DiskFolder::DiskFolder(const std::filesystem::path& parent) {
  refuse_memory(parent);
  std::string name = (parent / "capture_bench.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw UsageError("--disk-folder " + parent.string() + ": " + errno_text(errno));
  }
  path_ = name;
  if (room() < kGiB) {
    std::filesystem::remove(path_);
    throw UsageError("--disk-folder " + parent.string() + ": less than 11 GiB free",
                     "10 GiB are left free, and at least 1 GiB is written");
  }
}

DiskFolder::~DiskFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::uint64_t DiskFolder::bytes() const {
  std::uint64_t sum = 0;
  // Tools rename and remove files at any time.
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
    if (!entry.is_regular_file(ignored)) continue;
    const std::uintmax_t size = entry.file_size(ignored);
    if (!ignored) sum += size;
  }
  return sum;
}

std::uint64_t DiskFolder::room() const {
  struct statvfs file_system {};
  if (::statvfs(path_.c_str(), &file_system) != 0) {
    throw system_error("asking for the free space of " + path_.string(), errno);
  }
  const std::uint64_t free = std::uint64_t{file_system.f_bavail} * file_system.f_frsize;
  return free > kLeaveFree ? free - kLeaveFree : 0;
}

void DiskFolder::clear() const {
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    std::filesystem::remove_all(entry.path());
  }
}

DirtyLimits read_dirty_limits() {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return {.ratio = setting("/proc/sys/vm/dirty_ratio"),
          .background_ratio = setting("/proc/sys/vm/dirty_background_ratio"),
          .most = number_in("/proc/vmstat", "nr_dirty_threshold") * page,
          .background = number_in("/proc/vmstat", "nr_dirty_background_threshold") * page};
}

std::uint64_t dirty_bytes() {
  constexpr std::uint64_t kKiB = 1024;
  return (number_in("/proc/meminfo", "Dirty:") + number_in("/proc/meminfo", "Writeback:")) * kKiB;
}

}  // namespace xdpcap::bench
