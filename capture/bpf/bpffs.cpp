// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/bpffs.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "base/text.hpp"

namespace xdpcap {
namespace {

// A mount point of each bpffs instance.
std::vector<std::string> bpffs_mounts() {
  std::ifstream mounts("/proc/self/mounts");
  std::set<dev_t> seen;
  std::vector<std::string> folders;
  for (std::string line; std::getline(mounts, line);) {
    const std::vector<std::string_view> fields = split(line, ' ');  // device, folder, type, ...
    if (fields.size() < 3 || fields[2] != "bpf") continue;
    const std::string folder = unescape_mount_field(fields[1]);
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0 && seen.insert(info.st_dev).second) {
      folders.push_back(folder);
    }
  }
  return folders;
}

void add_pins(const std::filesystem::path& folder, std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  // Symbolic links are not followed: their targets are found anyway.
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::file_type type = entry->symlink_status(error).type();
    if (type == fs::file_type::directory) add_pins(entry->path(), paths);
    if (type == fs::file_type::regular) paths.push_back(entry->path());
  }
}

}  // namespace

std::string unescape_mount_field(std::string_view field) {
  const auto octal = [](char digit) { return digit >= '0' && digit <= '7'; };
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const bool escape = field[i] == '\\' && i + 3 < field.size() && octal(field[i + 1]) &&
                        octal(field[i + 2]) && octal(field[i + 3]);
    if (!escape) {
      text += field[i];
      continue;
    }
    text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                              (field[i + 3] - '0'));
    i += 3;
  }
  return text;
}

std::vector<std::string> pinned_paths() {
  std::vector<std::string> paths;
  for (const std::string& folder : bpffs_mounts()) add_pins(folder, paths);
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool bpffs_is_mounted() {
  struct statfs info {};
  return ::statfs("/sys/fs/bpf", &info) == 0 && std::cmp_equal(info.f_type, BPF_FS_MAGIC);
}

// ip netns exec mounts its own /sys, which has no bpffs. A new bpffs would have no hooks.
std::string bpffs_mount_hint() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", ignored)) {
    if (!std::filesystem::equivalent(entry.path(), "/proc/self/ns/net", ignored)) continue;
    return "ip netns exec hides the bpffs; enter with: nsenter --net=" + entry.path().string();
  }
  return "mount one with: mount -t bpf bpf /sys/fs/bpf";
}

}  // namespace xdpcap
