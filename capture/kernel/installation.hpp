// SPDX-License-Identifier: BSD-3-Clause
// A capture's recorders in the slots of a hook: put in, watched, taken out, alone or together with
// those of other captures (chain.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "kernel/chain.hpp"
#include "kernel/hook.hpp"
#include "kernel/program_loader.hpp"

namespace xdpcap {

// Finds the flavour that the programs of a hook have, and changes nothing. Throws Error.
Flavour find_flavour(const Hook& hook);

// Installation is a set of recorders in the slots of a hook. Those that are still called are taken
// out again when it goes.
class Installation {
 public:
  // Makes the recorder of an action for programs of a flavour. It gets the PROG_ARRAY of one entry
  // to call another program from, which may come at any time; or -1, as one that shares with
  // nobody.
  using MakeRecorder = std::function<ebpf::Program(XdpAction, Flavour, int next_fd)>;

  // What another process needs to remove() the recorders in this one's stead.
  struct Handover {
    std::string layout;
    std::vector<int> descriptors;
  };

  // Loads a recorder for each action; the hook stays as it is. Slots are to be shared with whoever
  // is in them, or taken over with `may_replace`. Throws Error. `hook` has to outlive the
  // installation.
  Installation(const Hook& hook, const std::vector<XdpAction>& actions, bool may_replace,
               const MakeRecorder& make_recorder);
  // One that another process has loaded, and may have put in by now: copies of the descriptors
  // that it handed over. Throws Error.
  Installation(const Hook& hook, const std::string& layout, std::vector<UniqueFd> descriptors);
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  Installation(Installation&&) = delete;
  Installation& operator=(Installation&&) = delete;
  ~Installation();

  // Puts the recorders into their slots. Throws Error, and then leaves the hook as it was.
  void fill();
  static constexpr std::chrono::milliseconds kLockPatience{5000};
  // Whether fill() waited in vain for other captures to let go of the hook, and went on.
  [[nodiscard]] bool went_on_unlocked() const { return went_on_unlocked_; }

  // Takes out the recorders that are still called; waits for other captures to let go of the hook,
  // `patience` at most. What runs already may run on for some microseconds. Throws Error when some
  // had to stay: that may be tried again.
  void remove(std::chrono::milliseconds patience = kLockPatience);

  // Whether recorders of ours are in the hook.
  [[nodiscard]] bool filled() const { return filled_; }
  // Somebody else has removed it.
  void forget() { filled_ = false; }

  // Looks whether all recorders are still called, and puts those back that are not, unless another
  // program has taken the slot over. Returns a line for each slot of which there is news. Does
  // nothing once remove() was called. Throws Error.
  std::vector<std::string> look();

  // The next of another recorder through which one of ours is called. It has to stay open, or the
  // kernel empties it when that capture is killed (chain.hpp).
  struct Entrance {
    XdpAction action;
    int next_fd = -1;  // -1: it is called from the slot now
  };
  // Those that look() has found and that were not yet shared(), so that another process can hold()
  // them, too.
  [[nodiscard]] std::vector<Entrance> unshared_entrances() const;
  void shared(XdpAction action);
  [[nodiscard]] std::vector<int> entrances() const;  // all of them
  void hold(XdpAction action, UniqueFd next);

  [[nodiscard]] Flavour flavour() const { return flavour_; }
  [[nodiscard]] Handover hand_over() const;
  [[nodiscard]] int folder_fd() const { return folder_.get(); }

 private:
  struct Slot {
    XdpAction action;
    UniqueFd program;
    std::uint32_t program_id;
    UniqueFd next;              // invalid: nothing is to come after it
    UniqueFd called_from = {};  // another recorder's next
    std::uint32_t called_from_id = 0;
    bool shared = true;                               // called_from, with another process
    std::optional<std::uint32_t> taken_over_by = {};  // nobody, as far as has been reported
  };
  static void hold(Slot& slot, UniqueFd next);

  void load(XdpAction action, const MakeRecorder& make_recorder);
  [[nodiscard]] bool is_shared(std::optional<std::uint32_t> holder) const;
  void put_in_front_of(const Slot& slot, std::uint32_t holder) const;
  [[nodiscard]] bool put(const Slot& slot) const;
  [[nodiscard]] std::set<std::uint32_t> first_programs() const;

  [[nodiscard]] bool is_free_to_repair();
  [[nodiscard]] std::string look(Slot& slot);
  [[nodiscard]] std::string repair(Slot& slot, std::uint32_t holder);
  [[nodiscard]] static bool leads_into(const Slot& slot, const std::vector<std::uint32_t>& chain);
  [[nodiscard]] bool go_to_the_end(Slot& slot) const;
  [[nodiscard]] bool is_left_over(std::uint32_t program);

  void take_out(std::chrono::milliseconds patience, std::string* failure) noexcept;
  [[nodiscard]] bool take_out(const Slot& slot) const;
  [[nodiscard]] std::optional<Place> place_of(const Slot& slot) const;

  const Hook& hook_;
  UniqueFd folder_;
  Flavour flavour_;
  bool may_replace_;
  std::set<std::uint32_t> left_over_;  // in our slots, when that was last looked up
  std::vector<Slot> slots_;
  bool filled_ = false;  // or about to be: a guardian is a copy made before fill()
  bool went_on_unlocked_ = false;
  unsigned looks_ = 0;
  unsigned looks_in_vain_ = 0;  // one after the other, for somebody holds the lock
};

}  // namespace xdpcap
