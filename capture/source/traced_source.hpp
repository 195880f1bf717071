// SPDX-License-Identifier: BSD-3-Clause
// A program that is traced as a source of packets: recorders run before or after it (fentry,
// fexit).
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_buff.hpp"
#include "source/attachment_place.hpp"
#include "source/other_interfaces.hpp"
#include "source/source.hpp"
#include "source/source_options.hpp"

namespace xdpcap {

// The recorders are attached by BPF links, which only this process has: the kernel detaches them
// when the process ends, however it ends.
class TracedSource final : public Source {
 public:
  struct Plan {
    SourceTitle title;
    std::vector<XdpAction> actions;  // captured at the exit
    CapturePoint at = CapturePoint::exit;
    bool follow = false;                   // switch to another program once it is in the same place
    std::optional<AttachmentPlace> place;  // nothing: another program is not looked for
    OtherInterfaces others = {};
  };
  // `program` is the program to trace.
  TracedSource(UniqueFd program, Plan plan);

  [[nodiscard]] const SourceTitle& title() const override { return plan_.title; }
  [[nodiscard]] const std::vector<XdpAction>& actions() const override { return interfaces_; }
  [[nodiscard]] std::span<const std::uint32_t> excluded_interfaces() const override {
    return plan_.others.indexes();
  }

  void load(RecorderFactory recorders) override;
  std::vector<std::string> install() override;
  [[nodiscard]] bool is_installed() const override { return !tracers_.empty(); }
  Reaction receive(Message report) override;
  [[nodiscard]] bool is_connected() const override { return is_installed(); }
  void disconnect() override;
  [[nodiscard]] bool is_idle() const override { return program_id_ != traced_id_; }
  std::vector<std::string> forget() override;

  void look(SourceReports& reports) override;
  void take_order(char /*order*/, SourceReports& /*reports*/) override {}

  void remove(std::chrono::milliseconds /*lock_timeout*/) override { found_.clear(); }
  [[nodiscard]] std::vector<int> descriptors() const override { return {}; }

 private:
  struct Tracer {
    UniqueFd program;
    UniqueFd link;
  };

  // The guardian's reports.
  static constexpr char kFound =
      'F';  // another program, with its id, is traced by these descriptors
  static constexpr char kState = 'S';  // what has been reported so far

  [[nodiscard]] std::vector<Tracer> make_tracers(int program_fd) const;
  void look_at_place(SourceReports& reports);
  void follow(std::uint32_t program_id, SourceReports& reports);
  void count_missed();

  Plan plan_;
  std::mutex mutex_;  // disconnect() runs in another thread
  bool disconnected_ = false;
  std::vector<XdpAction> interfaces_;
  RecorderFactory recorders_;
  UniqueFd program_;
  std::uint32_t program_id_;     // in its place, as last reported; 0: none
  std::uint32_t traced_id_;      // the program that is traced
  std::vector<Tracer> tracers_;  // in the capture
  std::vector<Tracer> found_;    // by the guardian, until the capture has them
  std::uint32_t found_id_ = 0;   // the program that these trace
  std::uint64_t missed_ = 0;     // packets that the kernel did not show to the tracers
  std::string last_error_;       // as last reported
};

}  // namespace xdpcap
