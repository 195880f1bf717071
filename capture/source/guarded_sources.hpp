// SPDX-License-Identifier: BSD-3-Clause
// The sources of a capture and the process that watches over them. All but the first installation
// is done by that guardian, which therefore neither keeps the capture from reading packets nor ends
// with it, and still has the privileges that the capture may have given up.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "process/guardian.hpp"
#include "source/source.hpp"

namespace xdpcap {

using Sources = std::vector<std::unique_ptr<Source>>;

class GuardedSources {
 public:
  struct Plan {
    // Returns when no recorder runs any more that was removed. Throws Error.
    std::function<void()> wait_for_recorders;
    // What that, the sources' recorder factories and `rescue` need open at the moment: asked each
    // time a guardian starts.
    std::function<std::vector<int>()> descriptors;
    // What the guardian does if this process is killed, once the recorders are removed.
    std::function<void()> rescue;
  };

  // Installs recorders that have been loaded; a guardian is there before the first of them.
  // `sources` has to outlive this. Throws Error: what was installed by then is removed with
  // `sources`.
  GuardedSources(const Sources& sources, Plan plan);
  GuardedSources(const GuardedSources&) = delete;
  GuardedSources& operator=(const GuardedSources&) = delete;
  GuardedSources(GuardedSources&&) = delete;
  GuardedSources& operator=(GuardedSources&&) = delete;
  // Removes the recorders.
  ~GuardedSources();

  // Once a second: a line for each change that the guardian has noticed or made, and, until
  // begin_removing(), for what has happened to the guardian itself. Never waits.
  std::vector<std::string> look();
  // The guardian's lines alone.
  std::vector<std::string> receive();

  // Becomes readable when the guardian has reported something: then call receive().
  [[nodiscard]] int fd() const { return guardian_.fd(); }
  // Whether the recorders would be removed if this process ended now.
  [[nodiscard]] bool is_guarded() { return guardian_.alive(); }
  // From now on this process has no privileges.
  void without_privileges() { privileged_ = false; }
  // Starts another guardian, after a change in what it needs open. Throws Error.
  void renew_guardian();

  // Has the recorders removed, which may take seconds while another process holds a lock: call
  // is_removed() until it is true. Afterwards all records are in the rings and all counters final,
  // unless there was a failure().
  void begin_removing();
  [[nodiscard]] bool is_removed();
  // Returns when there is news of that, or after some milliseconds.
  void wait_removing() const;
  // Why some recorders could not be removed; empty when all were.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  void install();
  [[nodiscard]] std::string title() const;
  [[nodiscard]] Guardian start_guardian();

  // In the guardian.
  void look_around(const Guardian::Report& report);
  void take_order(const Message& order, const Guardian::Report& report);
  void clean_up(std::chrono::milliseconds lock_timeout);

  // In the capture.
  bool take_reports();
  void look_at_guardian();
  void remove_alone();

  const Sources& sources_;
  Plan plan_;
  Guardian guardian_;
  bool privileged_ = true;
  std::deque<Message> unsent_;  // by the guardian
  std::vector<std::string> news_;
  unsigned silent_looks_ = 0;
  std::string guardian_error_;
  bool removing_ = false;
  std::chrono::steady_clock::time_point answer_by_;
  std::chrono::steady_clock::time_point remove_by_;
  bool cleans_up_ = false;  // the guardian has said so
  std::string failure_;
};

}  // namespace xdpcap
