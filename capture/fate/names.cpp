// SPDX-License-Identifier: BSD-3-Clause
#include "fate/names.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <thread>

#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

std::optional<std::string> name_here(std::uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(index, name.data()) == nullptr) return std::nullopt;
  return std::string(name.data());
}

bool is_namespace(const std::string& path, std::uint32_t inode) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_ino == inode;
}

// A namespace is a thread's: this one's threads stay where they are.
std::optional<std::string> name_inside(const std::string& path, std::uint32_t index) {
  std::optional<std::string> name;
  std::thread([&] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid() && ::setns(fd.get(), CLONE_NEWNET) == 0) name = name_here(index);
  }).join();
  return name;
}

std::optional<std::string> look_up(const xdpcap_device& device) {
  if (is_namespace("/proc/self/ns/net", device.network)) return name_here(device.index);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", ignored)) {
    const std::string path = entry.path().string();
    if (is_namespace(path, device.network)) return name_inside(path, device.index);
  }
  return std::nullopt;
}

}  // namespace

std::string Names::device(const xdpcap_device& device) const {
  const std::string number = std::to_string(device.index);
  if (device.network == 0) return number;
  auto name = heard_(device);
  if (!name) name = look_up(device);
  return name ? *name + "(" + number + ")" : number;
}

std::string Names::program(std::uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  const bool found = fd.valid() && bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0;
  return (found ? std::string(info.name) : std::string()) + "#" + std::to_string(id);
}

std::uint32_t Names::map_type(std::uint32_t id) {
  const UniqueFd fd(bpf_map_get_fd_by_id(id));
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  const bool found = fd.valid() && bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0;
  return found ? info.type : 0;
}

}  // namespace xdpcap
