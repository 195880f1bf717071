// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/hook.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <cerrno>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "kernel/grace_period.hpp"

namespace xdpcap {
namespace {

constexpr const char* kMountHint = "mount one with: mount -t bpf bpf /sys/fs/bpf";

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

bool on_bpffs(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct statfs info {};
  return ::statfs(folder.c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

[[noreturn]] void throw_open_error(const std::string& path, int error_number) {
  const std::string doing = "opening the hook " + path;
  if (!on_bpffs(path)) {
    if (error_number == ENOENT) {
      throw system_error(
          doing, error_number,
          std::string("hooks are pinned in a bpffs, and that folder is in none; ") + kMountHint);
    }
    throw Error(doing + ": not in a bpffs, where hooks are pinned", kMountHint);
  }
  if (error_number == ENOENT) {
    throw system_error(doing, error_number,
                       "load the XDP program and pin its hook there, or wait for it with --wait");
  }
  const bool forbidden = error_number == EPERM || error_number == EACCES;
  throw system_error(doing, error_number, forbidden ? permission_hint() : "");
}

std::string program_text(std::uint32_t id) {
  std::string text = "BPF program " + std::to_string(id);
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (fd.valid() && bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0) {
    text += std::string(" (") + info.name + ")";
  }
  return text;
}

std::uint32_t program_id(int fd) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) {
    throw system_error("asking for the id of a recorder", errno);
  }
  return info.id;
}

}  // namespace

Hook Hook::open(const std::string& path) {
  UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) throw_open_error(path, errno);

  const std::string doing = "opening the hook " + path + ": ";
  const auto type = fdinfo(fd.get(), "map_type");
  if (!type) throw Error(doing + "it is no map", "name the pinned hook map of the XDP program");
  if (*type != BPF_MAP_TYPE_PROG_ARRAY) {
    const char* name = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(*type));
    throw Error(doing + "a hook is a map of type prog_array, this one is of type " +
                    (name != nullptr ? std::string(name) : std::to_string(*type)),
                "name the pinned hook map of the XDP program");
  }
  Hook hook(path, std::move(fd));
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(hook.fd(), &info, &length) != 0) {
    throw system_error("opening the hook " + path, errno);
  }
  if (info.key_size != sizeof(std::uint32_t) || info.value_size != sizeof(std::uint32_t)) {
    throw Error(doing + "keys and values of a hook have 4 bytes, these have " +
                std::to_string(info.key_size) + " and " + std::to_string(info.value_size));
  }
  hook.map_id_ = info.id;
  hook.slots_ = info.max_entries;
  return hook;
}

bool Hook::has_owner() const {
  const auto type = fdinfo(fd(), "owner_prog_type");
  if (!type) return false;
  if (*type != BPF_PROG_TYPE_XDP) {
    throw Error("opening the hook " + path_ + ": programs of type " + std::to_string(*type) +
                    " use it, which are not XDP programs",
                "name the pinned hook map of the XDP program");
  }
  return true;
}

std::optional<std::uint32_t> Hook::program_in(XdpAction slot) const {
  const std::uint32_t key = slot.value();
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(fd(), &key, &id) == 0) return id;
  if (errno == ENOENT) return std::nullopt;
  throw system_error("reading slot " + slot.name() + " of the hook " + path_, errno);
}

Installation::Installation(const Hook& hook, const std::vector<XdpAction>& actions,
                           bool may_replace, const MakeRecorder& make_recorder)
    : hook_(hook) {
  for (const XdpAction action : actions) {
    const auto holder = hook.program_in(action);
    if (!holder || may_replace) continue;
    throw Error("installing into the hook " + hook.path() + ": slot " + action.name() +
                    " already holds " + program_text(*holder),
                "another capture runs there, or was killed: end it, or take over with --replace");
  }
  try {
    install_first(actions.front(), make_recorder);
    for (auto action = actions.begin() + 1; action != actions.end(); ++action) {
      if (!install(*action, flavour_, make_recorder)) {
        throw Error("installing into the hook " + hook.path() + ": slot " + action->name() +
                    " refuses a recorder of the flavour " + flavour_.name());
      }
    }
  } catch (...) {
    empty_slots();
    throw;
  }
}

// A recorder of the wrong flavour is refused with EINVAL, and nothing tells the right one: try all.
void Installation::install_first(XdpAction action, const MakeRecorder& make_recorder) {
  std::string refusal;
  for (const Flavour flavour : kFlavours) {
    try {
      if (install(action, flavour, make_recorder)) {
        flavour_ = flavour;
        return;
      }
    } catch (const Error& error) {
      // Older kernels lack the rarer flavours; only a failure of the plainest one speaks for all.
      if (flavour == kFlavours.front()) throw;
      if (refusal.empty()) refusal = std::string("; ") + error.what();
    }
  }
  throw Error("installing into the hook " + hook_.path() +
                  ": its programs take a recorder of none of the known flavours" + refusal,
              "please report this with the output of: bpftool prog show; uname -r");
}

bool Installation::install(XdpAction action, Flavour flavour, const MakeRecorder& make_recorder) {
  UniqueFd program =
      load_xdp_program("xdpcap_" + action.name(), make_recorder(action, flavour), flavour);
  const std::uint32_t key = action.value();
  const int program_fd = program.get();
  // Filled in first, so that remove() knows of the program whatever happens after the update.
  slots_.push_back({action, std::move(program), program_id(program_fd)});
  if (bpf_map_update_elem(hook_.fd(), &key, &program_fd, BPF_ANY) == 0) return true;
  const int error_number = errno;
  slots_.pop_back();
  if (error_number == EINVAL) return false;
  throw system_error("installing into the hook " + hook_.path() + ", slot " + action.name(),
                     error_number);
}

void Installation::remove() {
  empty_slots();
  wait_for_running_programs();
}

void Installation::empty_slots() noexcept {
  for (const Slot& slot : slots_) {
    const std::uint32_t key = slot.action.value();
    std::uint32_t id = 0;
    const bool ours = bpf_map_lookup_elem(hook_.fd(), &key, &id) == 0 && id == slot.program_id;
    if (ours) bpf_map_delete_elem(hook_.fd(), &key);
  }
  slots_.clear();
}

}  // namespace xdpcap
