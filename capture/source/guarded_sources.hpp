// SPDX-License-Identifier: BSD-3-Clause
// The sources of a capture and their guardian, another process. After the first installation the
// guardian does all work on the sources. So this work does not delay the reading of packets,
// continues if the capture is killed, and has the privileges that the capture may have dropped.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
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
    // Returns when none of the removed recorders is still running. Throws Error.
    std::function<void()> wait_for_recorders;
    // The descriptors that wait_for_recorders(), the recorder factories and rescue() need. Called
    // each time a guardian is started.
    std::function<std::vector<int>()> descriptors;
    // Called in the guardian if this process is killed, once the recorders are removed.
    std::function<void()> rescue;
  };

  // Starts the guardian, then installs the loaded recorders. `sources` must outlive this. Throws
  // Error; recorders that are already installed are then removed with `sources`.
  GuardedSources(const Sources& sources, Plan plan);
  GuardedSources(const GuardedSources&) = delete;
  GuardedSources& operator=(const GuardedSources&) = delete;
  GuardedSources(GuardedSources&&) = delete;
  GuardedSources& operator=(GuardedSources&&) = delete;
  // Removes the recorders.
  ~GuardedSources();

  // To be called once a second. Returns a line for each change that the guardian has noticed or
  // made, and, until begin_removing(), for problems with the guardian itself. Does not block.
  std::vector<std::string> look();
  // The guardian's lines only.
  std::vector<std::string> receive();

  // Becomes readable when the guardian has reported something: then call receive().
  [[nodiscard]] int fd() const { return guardian_.fd(); }
  // Whether the recorders would be removed if this process ended now.
  [[nodiscard]] bool is_guarded() { return guardian_.alive(); }
  // From now on this process has no privileges.
  void without_privileges() { privileged_ = false; }
  // Starts another guardian, after a change of the descriptors that it needs. Throws Error.
  void renew_guardian();

  // Starts the removal of the recorders, which may take seconds if another process holds a lock:
  // call is_removed() until it returns true. Then all records are in the rings and all counters are
  // final, unless there is a failure().
  void begin_removing();
  [[nodiscard]] bool is_removed();
  // Waits for progress of the removal, some milliseconds at most.
  void wait_removing() const;
  // Why some recorders could not be removed; empty if all were.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  void install();
  [[nodiscard]] std::string title() const;
  [[nodiscard]] Guardian start_guardian();

  // In the guardian.
  [[nodiscard]] std::function<bool(std::uint32_t)> captured_beside(std::size_t source) const;
  void look_at_sources(const Guardian::Report& report);
  void take_order(const Message& order, const Guardian::Report& report);
  void clean_up(std::chrono::milliseconds lock_timeout);

  // In the capture.
  bool take_reports();
  void look_at_guardian();
  void remove_without_guardian();
  void disconnect();
  [[nodiscard]] bool is_disconnected();

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
  bool cleaning_up_ = false;  // as the guardian has reported
  std::string failure_;
  std::future<void> disconnecting_;  // last: it uses the others
};

}  // namespace xdpcap
