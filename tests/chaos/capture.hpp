// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chaos/disk.hpp"
#include "chaos/outages.hpp"
#include "chaos/plan.hpp"
#include "chaos/processes.hpp"
#include "chaos/reports.hpp"
#include "chaos/sink.hpp"
#include "support/process.hpp"

namespace xdpcap::chaos {

// How a capture ended.
enum class End : std::uint8_t {
  none,
  stopped,      // by a signal it handles
  stuck,        // the same, while its output was not read
  killed,       // its guardian completes the file
  both_killed,  // with its guardian: the file is not completed
  reader_gone,
  disk_full,
  refused,    // it could not start
  exhausted,  // it may have ended by itself, for lack of descriptors or memory
};

// Capture is one process of the tool, its guardians and options, and the model of the packets that
// it must have seen.
class Capture {
 public:
  Capture(std::size_t number, Plan plan, const std::string& hook, std::string folder);

  [[nodiscard]] std::string name() const { return "capture " + std::to_string(number_); }
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] std::string command() const;

  // The process.
  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const { process_->signal(number); }
  [[nodiscard]] bool has_begun() const;  // recorders are installed, and the header is written
  [[nodiscard]] bool has_exited() const;
  [[nodiscard]] std::optional<ProcessId> guardian() const;
  [[nodiscard]] bool guardians_are_gone() const;
  [[nodiscard]] std::string err() const { return process_->err(); }

  // Reads its reports, and finds its guardians.
  void look();
  [[nodiscard]] bool reported(News news, Time since, std::optional<unsigned> action = {}) const;
  [[nodiscard]] const std::vector<Report>& reports() const { return reports_; }
  // Its lines on stderr except the counts, and when they were read.
  [[nodiscard]] const std::vector<std::pair<Time, std::string>>& messages() const {
    return messages_;
  }

  // The output.
  [[nodiscard]] Sink* sink() const { return sink_.get(); }
  [[nodiscard]] const Disk* disk() const { return disk_.get(); }
  // The contents of all files, in their order. After the end.
  [[nodiscard]] std::vector<std::string> contents() const;
  // Files that should not be there any more.
  [[nodiscard]] std::vector<std::string> leftovers() const;

  // After the process has exited.
  void finish() { result_ = process_->wait(); }
  [[nodiscard]] const test::ProcessResult& result() const { return result_; }

  // The model.
  Outages outages;
  std::set<int> attached{};             // lanes it is in now
  std::set<unsigned> disturbed{};       // actions whose slots faults have touched
  std::map<int, Outages::Id> absent{};  // lanes it has not yet been attached to
  std::map<int, std::map<unsigned, std::uint32_t>> programs{};  // by lane and action
  std::set<int> may_follow_to{};                                // lanes
  std::size_t descriptors = 0;                                  // when it had begun
  Time started = now();
  Time ended = kNever;
  End end = End::none;
  bool may_stay = false;  // in its slots, as it has reported
  bool may_exit = false;
  [[nodiscard]] bool is_live() const { return ended == kNever; }
  [[nodiscard]] bool may_see(int lane) const {
    return programs.contains(lane) || may_follow_to.contains(lane);
  }
  [[nodiscard]] bool sees(int lane) const { return is_live() && attached.contains(lane); }

 private:
  [[nodiscard]] std::vector<std::string> files(bool hidden) const;

  std::size_t number_;
  Plan plan_;
  std::string folder_;
  std::string output_;  // as on the command line
  std::vector<std::string> command_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<test::Process> process_;
  pid_t pid_ = -1;
  test::ProcessResult result_;
  std::size_t read_ = 0;  // bytes of stderr
  std::vector<Report> reports_;
  std::vector<std::pair<Time, std::string>> messages_;
  std::vector<ProcessId> guardians_;  // all that have been seen
};

}  // namespace xdpcap::chaos
