// SPDX-License-Identifier: BSD-3-Clause
#include "source/hook.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/statfs.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/bpffs.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "process/capabilities.hpp"

namespace xdpcap {
namespace {

constexpr const char* kListHint = "--list shows the hooks there are";

// A number from /proc/self/fdinfo, where the kernel describes maps in "name:\tvalue" lines.
std::optional<std::uint32_t> fdinfo(int fd, std::string_view field) {
  std::ifstream file("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || line.substr(0, colon) != field) continue;
    return parse_number<std::uint32_t>(trim(std::string_view(line).substr(colon + 1)));
  }
  return std::nullopt;
}

// If the folder may not be entered, checks its parent: systemd mounts bpffs for root only.
bool on_bpffs(const std::string& path) {
  std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  struct statfs info {};
  while (::statfs(folder.c_str(), &info) != 0) {
    if (errno != EACCES || folder == folder.root_path()) return false;
    folder = folder.parent_path();
  }
  return std::cmp_equal(info.f_type, BPF_FS_MAGIC);
}

// Lists what is pinned in a folder: one of these may be the hook.
std::string folder_hint(const std::string& path) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    if (names.size() < kMost && UniqueFd(bpf_obj_get(entry.path().c_str())).valid()) {
      names.push_back(printable(entry.path()));
    }
  }
  return names.empty() ? kListHint : "pinned in it: " + join(names, ", ");
}

[[noreturn]] void throw_open_error(const std::string& path, int error_number) {
  const std::string doing = "opening the hook " + path;
  const bool is_name = path.find('/') == std::string::npos;
  if (is_name && ::if_nametoindex(path.c_str()) != 0) {
    throw Error(doing + ": it is a network interface, not a hook",
                "capture from it with -i " + path);
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error(doing + ": it is a folder", folder_hint(path));
  }
  if (!on_bpffs(path)) {
    const std::string hint = bpffs_is_mounted() ? kListHint : bpffs_mount_hint();
    if (error_number == ENOENT) {
      throw NotFound(doing + ": " + errno_text(error_number),
                     "hooks are pinned in a bpffs, and this path is not in one; " + hint);
    }
    throw Error(doing + ": not in a bpffs, where hooks are pinned", hint);
  }
  if (error_number == ENOENT) {
    throw NotFound(doing + ": " + errno_text(error_number),
                   std::string("load the XDP program and pin its hook there, or wait for it "
                               "with --wait; ") +
                       kListHint);
  }
  const bool forbidden = error_number == EPERM || error_number == EACCES;
  throw system_error(doing, error_number, forbidden ? permission_hint() : "");
}

}  // namespace

Hook Hook::open(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) throw_open_error(path, errno);
  return adopt(path, std::move(fd));
}

Hook Hook::open_by_id(std::uint32_t map_id) {
  const std::string name = kUnpinned + std::to_string(map_id);
  UniqueFd fd(bpf_map_get_fd_by_id(map_id));
  if (!fd.valid()) {
    const std::string doing = "opening the hook " + name;
    if (errno == ENOENT)
      throw NotFound(doing + ": no map has this id", "bpftool map lists the maps");
    throw system_error(doing, errno, errno == EPERM ? kLookHint : "");
  }
  for (const std::string& path : pinned_paths()) {
    const UniqueFd pinned(bpf_obj_get(path.c_str()));
    if (pinned.valid() && same_map(pinned.get(), fd.get())) return adopt(path, std::move(fd));
  }
  return adopt(name, std::move(fd));
}

std::string Hook::lock_folder() const {
  return is_pinned() ? path_.substr(0, path_.rfind('/') + 1) : "/sys/fs/bpf/";
}

Hook Hook::adopt(const std::string& path, UniqueFd fd) {
  const std::string doing = "opening the hook " + path + ": ";
  const auto type = fdinfo(fd.get(), "map_type");
  if (!type) throw Error(doing + "it is not a map", "name the pinned hook map of the XDP program");
  if (*type != BPF_MAP_TYPE_PROG_ARRAY) {
    const char* name = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(*type));
    throw Error(doing + "a hook is a map of type prog_array, this one is of type " +
                    (name != nullptr ? std::string(name) : std::to_string(*type)),
                "name the pinned hook map of the XDP program");
  }
  Hook hook(path, std::move(fd));
  const auto info = map_info(hook.fd());
  if (!info) throw system_error("opening the hook " + path, errno);
  if (info->key_size != sizeof(std::uint32_t) || info->value_size != sizeof(std::uint32_t)) {
    throw Error(doing + "keys and values of a hook have 4 bytes, these have " +
                std::to_string(info->key_size) + " and " + std::to_string(info->value_size));
  }
  hook.map_id_ = info->id;
  hook.slots_ = info->max_entries;
  return hook;
}

std::optional<std::uint32_t> Hook::owner_type() const {
  return fdinfo(fd(), "owner_prog_type");
}

bool Hook::has_owner() const {
  const auto type = owner_type();
  if (!type) return false;
  const std::string doing = "opening the hook " + path_ + ": ";
  if (refuses_recorders()) {
    throw Error(doing + kWhyRefused,
                "name the program or the interface with -i, without --method: it is then traced");
  }
  if (*type != BPF_PROG_TYPE_XDP) {
    throw Error(
        doing + "programs of type " + std::to_string(*type) + " use it, which are not XDP programs",
        "name the pinned hook map of the XDP program");
  }
  return true;
}

// Since Linux 6.2, whose fix some older ones have, the kernel says XDP for those too.
bool Hook::refuses_recorders() const {
  return owner_type() == BPF_PROG_TYPE_EXT;
}

std::optional<std::uint32_t> Hook::program_in(XdpAction slot) const {
  const std::uint32_t key = slot.value();
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(fd(), &key, &id) == 0) return id;
  if (errno == ENOENT) return std::nullopt;
  throw system_error("reading slot " + slot.name() + " of the hook " + path_, errno);
}

}  // namespace xdpcap
