// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/map_info.hpp"

#include <bpf/bpf.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

bool is_link_to(int fd, const char* what) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored) == what;
}

}  // namespace

bool is_map(int fd) {
  return is_link_to(fd, "anon_inode:bpf-map");
}

bool is_program(int fd) {
  return is_link_to(fd, "anon_inode:bpf-prog");
}

std::optional<bpf_map_info> map_info(int map_fd) {
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(map_fd, &info, &length) != 0) return std::nullopt;
  return info;
}

bool same_map(int one_fd, int other_fd) {
  const auto one = map_info(one_fd);
  const auto other = map_info(other_fd);
  return one && other && one->id == other->id;
}

std::optional<bpf_map_info> find_map(std::uint32_t id) {
  const UniqueFd fd(bpf_map_get_fd_by_id(id));
  return fd.valid() ? map_info(fd.get()) : std::nullopt;
}

}  // namespace xdpcap
