// SPDX-License-Identifier: BSD-3-Clause
// Installs, watches and removes a capture's recorders in the slots of a hook, which it may share
// with other captures (chain.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "bpf/program_loader.hpp"
#include "source/chain.hpp"
#include "source/hook.hpp"
#include "source/hook_lock.hpp"

namespace xdpcap {

// Finds the flavour of the programs that use a hook, without changing the hook. Throws Error.
Flavour find_flavour(const Hook& hook);

// Installation is a set of recorders in the slots of a hook. The destructor removes those that are
// still called.
class Installation {
 public:
  // Makes the recorder of an action for programs of a flavour. `next_fd`: a PROG_ARRAY of one entry
  // with the program to call next, which may be installed at any time; -1 if it shares with nobody.
  using MakeRecorder = std::function<ebpf::Program(XdpAction, Flavour, int next_fd)>;

  // What another process needs to remove() the recorders instead of this one.
  struct Handover {
    std::string layout;
    std::vector<int> descriptors;
  };

  // Loads a recorder for each action, without changing the hook. Slots will be shared with the
  // programs that are in them, or taken over if `may_replace`. Throws Error. `hook` must outlive
  // the installation.
  Installation(const Hook& hook, const std::vector<XdpAction>& actions, bool may_replace,
               const MakeRecorder& make_recorder);
  // For recorders that another process has loaded, and may already have installed: from copies of
  // the descriptors that it handed over. Throws Error.
  Installation(const Hook& hook, const std::string& layout, std::vector<UniqueFd> descriptors);
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  Installation(Installation&&) = delete;
  Installation& operator=(Installation&&) = delete;
  ~Installation();

  // Installs the recorders into their slots. Throws Error, and then leaves the hook unchanged.
  void fill();
  // Whether fill() could not get the lock of the hook in time, and proceeded without it.
  [[nodiscard]] bool proceeded_without_lock() const { return proceeded_without_lock_; }

  // Removes the recorders that are still called; waits for the lock of the hook, `timeout` at most.
  // Running recorders may continue for some microseconds. Throws Error if some could not be
  // removed: then it can be called again.
  void remove(std::chrono::milliseconds timeout = kLockTimeout);

  // Whether our recorders are in the hook.
  [[nodiscard]] bool filled() const { return filled_; }
  // Another process has removed them.
  void forget() { filled_ = false; }

  // Checks whether all recorders are still called, and reinstalls those that are not, unless
  // another program has taken over the slot. Returns a line for each slot that has changed. Does
  // nothing after remove(). Throws Error.
  std::vector<std::string> look();

  // The nexts of other captures through which a recorder is called. They have to stay open, or the
  // kernel empties them when those captures are killed (chain.hpp).
  struct Path {
    XdpAction action;
    std::vector<int> nexts;  // none: it is called from the slot
  };
  // The paths that have changed since mark_shared(), so that another process can hold() them, too.
  [[nodiscard]] std::vector<Path> unshared_paths() const;
  void mark_shared(XdpAction action);
  void hold(XdpAction action, std::vector<UniqueFd> nexts);
  [[nodiscard]] std::vector<int> held() const;  // the nexts of all paths

  [[nodiscard]] Flavour flavour() const { return flavour_; }
  [[nodiscard]] Handover hand_over() const;
  [[nodiscard]] int folder_fd() const { return folder_.get(); }

 private:
  struct Slot {
    XdpAction action;
    UniqueFd program;
    std::uint32_t program_id;
    UniqueFd next;                                    // invalid: it calls no other program
    std::vector<UniqueFd> called_through = {};        // the nexts of others
    bool shared = true;                               // another process has called_through open
    std::optional<std::uint32_t> taken_over_by = {};  // as last reported; nothing: not taken over
  };
  static void hold(Slot& slot, std::vector<UniqueFd> nexts);

  void load(XdpAction action, const MakeRecorder& make_recorder);
  void fill(Slot& slot) const;
  [[nodiscard]] bool join(Slot& slot, Place place) const;
  [[nodiscard]] bool put(const Slot& slot, const Place& place) const;
  [[nodiscard]] Error refusal(const Slot& slot, std::uint32_t holder) const;
  [[nodiscard]] std::set<std::uint32_t> programs_of_others() const;
  // Returns whether there were any in the slot's chain.
  [[nodiscard]] bool remove_orphans(const Slot& slot) const;

  [[nodiscard]] bool may_repair_without_lock();
  [[nodiscard]] std::string look(Slot& slot);
  [[nodiscard]] std::string repair(Slot& slot, std::uint32_t holder);
  [[nodiscard]] bool leads_into_chain(const Slot& slot) const;
  void find_orphans(const Slot& slot);

  void remove_recorders(std::chrono::milliseconds timeout, std::string* failure) noexcept;
  [[nodiscard]] bool remove_recorder(const Slot& slot) const;
  [[nodiscard]] bool remove_recorder(const Place& place, const UniqueFd& next) const;
  [[nodiscard]] std::optional<Place> place_of(const Slot& slot) const;

  const Hook& hook_;
  UniqueFd folder_;
  Flavour flavour_;
  bool may_replace_;
  std::set<std::uint32_t> orphans_;  // in our slots, as of the last search
  unsigned orphans_found_at_ = 0;    // the look of that search
  std::vector<Slot> slots_;
  // The ends of the chains, until the slots are filled. The kernel empties a next only some time
  // after its last descriptor was closed (prog_array_map_clear() is deferred work), and would
  // remove recorders that have joined there meanwhile.
  std::vector<Place> kept_open_;
  bool filled_ = false;  // or about to be: the guardian is forked before fill()
  bool proceeded_without_lock_ = false;
  unsigned looks_ = 0;
  unsigned looks_without_lock_ = 0;  // in a row, because another process holds the lock
};

}  // namespace xdpcap
