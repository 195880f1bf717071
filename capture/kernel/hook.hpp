// SPDX-License-Identifier: BSD-3-Clause
// The hook: a pinned PROG_ARRAY with a slot for each action, into which XDP programs tail-call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "kernel/program_loader.hpp"

namespace xdpcap {

// Hook is an open hook map, checked to be one.
class Hook {
 public:
  // Opens the map pinned at `path` and checks type, key and value size. Throws Error.
  static Hook open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint32_t map_id() const { return map_id_; }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }

  // Whether a loaded program uses the hook already. If none does, the first program that is put
  // into a slot decides which flavour of XDP programs may use the hook at all: that must not be us.
  // Throws Error when programs of another type than XDP own it.
  [[nodiscard]] bool has_owner() const;

  // The id of the program in a slot, or nothing when it is empty.
  [[nodiscard]] std::optional<std::uint32_t> program_in(XdpAction slot) const;

 private:
  Hook(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  UniqueFd fd_;
  std::uint32_t map_id_ = 0;
  std::uint32_t slots_ = 0;
};

// Installation is a set of recorders in the slots of a hook. Those that are still in their place
// are taken out again when it goes.
class Installation {
 public:
  // Makes the recorder of an action for programs of a flavour.
  using MakeRecorder = std::function<ebpf::Program(XdpAction, Flavour)>;

  // Finds the flavour that the hook's programs have and puts a recorder into the slot of each
  // action. `may_replace`: slots that hold another program are taken over. Throws Error, and then
  // leaves the hook as it was. `hook` has to outlive the installation.
  Installation(const Hook& hook, const std::vector<XdpAction>& actions, bool may_replace,
               const MakeRecorder& make_recorder);
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  Installation(Installation&&) = delete;
  Installation& operator=(Installation&&) = delete;
  ~Installation() { empty_slots(); }

  [[nodiscard]] Flavour flavour() const { return flavour_; }

  // Empties the slots that still hold our recorders, then waits until no CPU runs one any more:
  // afterwards all records are in the rings and all counters final. Throws Error.
  void remove();

 private:
  struct Slot {
    XdpAction action;
    UniqueFd program;
    std::uint32_t program_id;
  };

  // False when the hook's programs have another flavour.
  bool install(XdpAction action, Flavour flavour, const MakeRecorder& make_recorder);
  void install_first(XdpAction action, const MakeRecorder& make_recorder);
  void empty_slots() noexcept;

  const Hook& hook_;
  Flavour flavour_;
  std::vector<Slot> slots_;
};

}  // namespace xdpcap
