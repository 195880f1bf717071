// SPDX-License-Identifier: BSD-3-Clause
// The hook: a pinned PROG_ARRAY with a slot for each action, into which XDP programs tail-call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"

namespace xdpcap {

// Hook is an open hook map, checked to be one.
class Hook {
 public:
  // Opens the map pinned at `path` and checks type, key and value size. Throws Error.
  static Hook open(const std::string& path);
  // The same for a map that is already open.
  static Hook adopt(const std::string& path, UniqueFd fd);
  // Opens a map by its id, with the path of its pin if it has one. Throws Error.
  static Hook open_by_id(std::uint32_t map_id);

  // Where it is pinned; "map:ID" if it is not.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_pinned() const { return !path_.starts_with(kUnpinned); }
  // The folder whose lock captures of this hook take (hook_lock.hpp).
  [[nodiscard]] std::string lock_folder() const;
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint32_t map_id() const { return map_id_; }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }

  // The type of the programs that use the hook; nothing before the first.
  [[nodiscard]] std::optional<std::uint32_t> owner_type() const;

  // Whether a loaded program already uses the hook. If none does, the first program installed in a
  // slot determines which flavour of XDP programs may use the hook: that must not be a recorder.
  // Throws Error if recorders cannot be installed beside the programs that use it.
  [[nodiscard]] bool has_owner() const;

  // Whether programs under a dispatcher use it, and the kernel is too old to let recorders in.
  [[nodiscard]] bool refuses_recorders() const;
  static constexpr const char* kWhyRefused =
      "before Linux 6.2 the kernel lets no recorder into the hooks of programs under a dispatcher";

  // The id of the program in a slot, or nothing when it is empty.
  [[nodiscard]] std::optional<std::uint32_t> program_in(XdpAction slot) const;

 private:
  static constexpr const char* kUnpinned = "map:";

  Hook(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
  std::uint32_t map_id_ = 0;
  std::uint32_t slots_ = 0;
};

}  // namespace xdpcap
