// SPDX-License-Identifier: BSD-3-Clause
// A capture's recorders in the slots of a hook: put in, watched, taken out, alone or together with
// those of other captures (chain.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "kernel/hook.hpp"
#include "kernel/hook_lock.hpp"
#include "kernel/program_loader.hpp"

namespace xdpcap {

// Finds the flavour that the programs of a hook have, and changes nothing. Throws Error.
Flavour find_flavour(const Hook& hook);

// Installation is a set of recorders in the slots of a hook. Those that are still called are taken
// out again when it goes.
class Installation {
 public:
  // Makes the recorder of an action for programs of a flavour; one that goes in front of another
  // program gets the PROG_ARRAY of one entry to call that from, others get -1.
  using MakeRecorder = std::function<ebpf::Program(XdpAction, Flavour, int next_fd)>;

  // Loads a recorder for each action; the hook stays as it is, and locked until fill(). Slots that
  // hold a program already are shared with it, or taken over with `may_replace`. Throws Error.
  // `hook` has to outlive the installation.
  Installation(const Hook& hook, const std::vector<XdpAction>& actions, bool may_replace,
               const MakeRecorder& make_recorder);
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  Installation(Installation&&) = delete;
  Installation& operator=(Installation&&) = delete;
  ~Installation() { take_out(); }

  // Puts the recorders into their slots. Throws Error, and then leaves the hook as it was.
  void fill();

  // Takes out the recorders that are still called, then waits until no CPU runs one any more:
  // afterwards all records are in the rings and all counters final. Throws Error.
  void remove();

  // Whether recorders of ours are in the hook.
  [[nodiscard]] bool filled() const { return filled_; }
  // Somebody else has removed it.
  void forget() { filled_ = false; }

  // Looks whether all recorders are still called, and puts those back whose slot somebody has
  // emptied. Returns a line for each slot of which there is news.
  std::vector<std::string> look();

  [[nodiscard]] Flavour flavour() const { return flavour_; }
  // What a process needs open to remove() on behalf of another.
  [[nodiscard]] std::vector<int> descriptors() const;

 private:
  struct Slot {
    XdpAction action;
    UniqueFd program;
    std::uint32_t program_id;
    UniqueFd next;      // invalid: nothing comes after it
    bool lost = false;  // somebody has taken the slot over
  };

  void load(XdpAction action, bool may_replace, const MakeRecorder& make_recorder);
  void put_behind(XdpAction action, const UniqueFd& next, std::uint32_t holder) const;
  [[nodiscard]] bool put(const Slot& slot) const;
  [[nodiscard]] std::string look(Slot& slot) const;
  void take_out() noexcept;
  void take_out(const Slot& slot) const;

  const Hook& hook_;
  UniqueFd folder_;
  std::optional<HookLock> lock_;
  Flavour flavour_;
  std::vector<Slot> slots_;
  bool filled_ = false;  // or about to be: a guardian is a copy made before fill()
};

}  // namespace xdpcap
