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

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "bpf/program_loader.hpp"
#include "source/chain.hpp"
#include "source/hook.hpp"
#include "source/hook_lock.hpp"

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
  // Whether fill() waited in vain for other captures to let go of the hook, and went on.
  [[nodiscard]] bool went_on_unlocked() const { return went_on_unlocked_; }

  // Takes out the recorders that are still called; waits for other captures to let go of the hook,
  // `timeout` at most. What runs already may run on for some microseconds. Throws Error when some
  // had to stay: that may be tried again.
  void remove(std::chrono::milliseconds timeout = kLockTimeout);

  // Whether recorders of ours are in the hook.
  [[nodiscard]] bool filled() const { return filled_; }
  // Somebody else has removed it.
  void forget() { filled_ = false; }

  // Looks whether all recorders are still called, and puts those back that are not, unless another
  // program has taken the slot over. Returns a line for each slot of which there is news. Does
  // nothing once remove() was called. Throws Error.
  std::vector<std::string> look();

  // The nexts of others through which a recorder is called. They have to stay open, or the kernel
  // empties them when those captures are killed (chain.hpp).
  struct Path {
    XdpAction action;
    std::vector<int> nexts;  // none: it is called from the slot
  };
  // Those that have changed and were not yet shared(), so that another process can hold() them,
  // too.
  [[nodiscard]] std::vector<Path> unshared_paths() const;
  void shared(XdpAction action);
  void hold(XdpAction action, std::vector<UniqueFd> nexts);
  [[nodiscard]] std::vector<int> held() const;  // the nexts of all

  [[nodiscard]] Flavour flavour() const { return flavour_; }
  [[nodiscard]] Handover hand_over() const;
  [[nodiscard]] int folder_fd() const { return folder_.get(); }

 private:
  struct Slot {
    XdpAction action;
    UniqueFd program;
    std::uint32_t program_id;
    UniqueFd next;                                    // invalid: nothing is to come after it
    std::vector<UniqueFd> called_through = {};        // the nexts of others
    bool shared = true;                               // called_through, with another process
    std::optional<std::uint32_t> taken_over_by = {};  // nobody, as far as has been reported
  };
  static void hold(Slot& slot, std::vector<UniqueFd> nexts);

  void load(XdpAction action, const MakeRecorder& make_recorder);
  void fill(Slot& slot) const;
  [[nodiscard]] bool join(Slot& slot, Place place) const;
  [[nodiscard]] bool put(const Slot& slot, const Place& place) const;
  [[nodiscard]] Error refusal(const Slot& slot, std::uint32_t holder) const;
  [[nodiscard]] std::set<std::uint32_t> programs_of_others() const;
  void drop_left_over(const Slot& slot) const;

  [[nodiscard]] bool is_free_to_repair();
  [[nodiscard]] std::string look(Slot& slot);
  [[nodiscard]] std::string repair(Slot& slot, std::uint32_t holder);
  [[nodiscard]] bool leads_into_chain(const Slot& slot) const;
  void look_who_is_left_over(const Slot& slot);

  void take_out(std::chrono::milliseconds timeout, std::string* failure) noexcept;
  [[nodiscard]] bool take_out(const Slot& slot) const;
  [[nodiscard]] bool take_out(const Place& place, const UniqueFd& next) const;
  [[nodiscard]] std::optional<Place> place_of(const Slot& slot) const;

  const Hook& hook_;
  UniqueFd folder_;
  Flavour flavour_;
  bool may_replace_;
  std::set<std::uint32_t> left_over_;  // in our slots, when that was last looked up
  unsigned left_over_at_ = 0;          // that was in this look
  std::vector<Slot> slots_;
  // Until the slots are filled. Who closes the last descriptor of a next has it emptied a little
  // later, and with it who joined there meanwhile (prog_array_map_clear() is deferred work).
  std::vector<Place> kept_open_;
  bool filled_ = false;  // or about to be: a guardian is a copy made before fill()
  bool went_on_unlocked_ = false;
  unsigned looks_ = 0;
  unsigned looks_in_vain_ = 0;  // one after the other, for somebody holds the lock
};

}  // namespace xdpcap
