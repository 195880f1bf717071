// SPDX-License-Identifier: BSD-3-Clause
// The life of a capture at its hook: put in, watched while the world changes, taken out. All but
// the first is done by a guardian, so that it neither keeps the capture from reading packets nor
// ends with it; it has the rights that the capture may have given up.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "process/guardian.hpp"
#include "source/attached_hook.hpp"
#include "source/hook.hpp"
#include "source/installation.hpp"

namespace xdpcap {

class Attachment {
 public:
  struct Plan {
    std::vector<XdpAction> actions;
    bool replace = false;  // take over slots that others hold
    bool follow = false;   // go on with another hook that is pinned in the place of this one
    Installation::MakeRecorder make_recorder;
    // When it is known, and whenever it becomes another one.
    std::function<void(const Flavour&)> note_flavour;
    // Returns when no recorder runs any more that was taken out. Throws Error.
    std::function<void()> wait_for_recorders;
    // What all of these, and `rescue`, need open by now: asked each time a guardian starts, as
    // files come and go.
    std::function<std::vector<int>()> descriptors;
    // The guardian's part, should this process be killed, once the hook is clean.
    std::function<void()> rescue;
  };

  // Fills the hook, from the first moment on under the eyes of a guardian. Throws Error.
  Attachment(Hook hook, Plan plan);
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  Attachment(Attachment&&) = delete;
  Attachment& operator=(Attachment&&) = delete;
  // Cleans up, too.
  ~Attachment();

  // Once a second: a line for each thing that the guardian has seen change or has done, and, until
  // begin_detaching(), for what has become of the guardian itself. Never waits.
  std::vector<std::string> look();
  // What the guardian has to tell, without a look at itself.
  std::vector<std::string> receive();

  // Becomes readable when the guardian has something to tell: then receive().
  [[nodiscard]] int fd() const { return guardian_.fd(); }
  // Whether somebody would clean up if this process ended now.
  [[nodiscard]] bool is_guarded() { return guardian_.alive(); }
  // From now on this process has no privileges.
  void without_privileges() { privileged_ = false; }
  // Starts another guardian, for a capture that has changed in what it shares with it. Throws
  // Error.
  void renew_guardian();

  // Has the recorders taken out, which may take seconds where somebody holds the hook's lock: call
  // is_detached() until it is true. Afterwards all records are in the rings and all counters final,
  // unless there was a failure().
  void begin_detaching();
  [[nodiscard]] bool is_detached();
  // Until there is news of that, some milliseconds at most.
  void wait_detaching() const;
  // Why recorders are still in the hook; empty when they are not.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  enum class Pin : std::uint8_t { ours, gone, another, unknown };

  // What the guardian reports (process/guardian.hpp): a line for the user; another hook, with the
  // recorders that are to go into it; that those are in it, and none in the hook before; what has
  // to stay open for a recorder to be called; what has been
  // reported of the hook by now. And the
  // order to put them in, now that the capture can take them out again, whatever happens.
  static constexpr char kNews = 'N';
  static constexpr char kFound = 'F';
  static constexpr char kMoved = 'M';
  static constexpr char kPath = 'P';
  static constexpr char kState = 'S';
  static constexpr char kAdopted = 'A';

  [[nodiscard]] AttachedHook& current() { return *hooks_.back(); }
  void install();
  [[nodiscard]] Guardian start_guardian();

  // In the guardian.
  void look_around(const Guardian::Report& report);
  void note(char kind, std::string text = {});
  void leave_former_hooks();
  std::vector<std::string> look_at_pin(const Guardian::Report& report);
  void follow(const Guardian::Report& report);
  void move(const Guardian::Report& report);
  void send_news(const Guardian::Report& report);
  void send_paths(const Guardian::Report& report);
  void clean_up(std::chrono::milliseconds lock_timeout);

  // In the capture.
  bool take_reports();
  bool adopt(Message found);
  void hold(Message path);
  void set_state(const std::string& text);
  void look_at_guardian();
  void detach_alone();
  void forget();

  Plan plan_;
  std::vector<std::unique_ptr<AttachedHook>> hooks_;  // the current one, after any to be left
  Guardian guardian_;
  bool privileged_ = true;
  Pin pin_ = Pin::ours;
  std::string last_error_;
  std::unique_ptr<AttachedHook> found_;  // by the guardian, and not yet filled
  std::deque<Message> unsent_;           // by it, too
  std::vector<std::string> news_;
  unsigned silent_looks_ = 0;
  std::string guardian_error_;
  bool detaching_ = false;
  std::chrono::steady_clock::time_point answer_by_;
  std::chrono::steady_clock::time_point detach_by_;
  bool cleans_up_ = false;  // the guardian, as it has said
  std::string failure_;
};

}  // namespace xdpcap
