// SPDX-License-Identifier: BSD-3-Clause
// A hook as a source of packets, and with --follow the hooks that later take its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "source/captured_hook.hpp"
#include "source/hook.hpp"
#include "source/hook_place.hpp"
#include "source/other_interfaces.hpp"
#include "source/source.hpp"

namespace xdpcap {

// The actions to capture from a hook: the `wanted` ones, or all that it has slots for. Throws
// Error, also if those are too many.
std::vector<XdpAction> captured_actions(const Hook& hook,
                                        const std::optional<std::vector<XdpAction>>& wanted);

class HookSource final : public Source {
 public:
  struct Plan {
    SourceTitle title;
    std::vector<XdpAction> actions;
    bool replace = false;              // take over slots that other programs hold
    bool follow = false;               // switch to another hook once it is in the same place
    std::unique_ptr<HookPlace> place;  // nothing: another hook is not looked for
    OtherInterfaces others = {};
  };
  HookSource(Hook hook, Plan plan);

  [[nodiscard]] const SourceTitle& title() const override { return plan_.title; }
  [[nodiscard]] const std::vector<XdpAction>& actions() const override { return plan_.actions; }
  [[nodiscard]] std::span<const std::uint32_t> excluded_interfaces() const override {
    return plan_.others.indexes();
  }
  [[nodiscard]] std::vector<std::uint32_t> programs() const override;

  void load(RecorderFactory recorders) override;
  std::vector<std::string> install() override;
  [[nodiscard]] bool is_installed() const override;
  [[nodiscard]] bool takes_forwarders() const override { return !plan_.follow; }
  [[nodiscard]] bool captures(std::uint32_t hook) const override;
  Reaction receive(Message report) override;
  [[nodiscard]] bool is_idle() const override;
  std::vector<std::string> forget() override;

  void look(SourceReports& reports) override;
  void take_order(char order, SourceReports& reports) override;

  void remove(std::chrono::milliseconds lock_timeout) override;
  [[nodiscard]] std::vector<int> descriptors() const override;

 private:
  enum class Found : std::uint8_t { ours, none, another, unknown };

  // The guardian's reports.
  static constexpr char kFound = 'F';     // another hook was found; with its recorders
  static constexpr char kLeft = 'L';      // the recorders were removed from a former hook
  static constexpr char kFollowed = 'O';  // the recorders were installed in the new hook
  static constexpr char kPath = 'P';      // the nexts that a recorder is called through
  static constexpr char kState = 'S';     // what has been reported about the hook so far
  // The order to install the recorders in the hook that was found: the capture has all descriptors
  // that it needs to remove them again.
  static constexpr char kAdopted = 'A';

  [[nodiscard]] CapturedHook& current() const { return *hooks_.back(); }

  // In the guardian (hook_source_look.cpp).
  void report_failure(const char* doing, const std::exception& error, SourceReports& reports);
  void leave_former_hooks(SourceReports& reports);
  std::vector<std::string> look_at_programs();
  std::vector<std::string> look_at_place(SourceReports& reports);
  void follow(SourceReports& reports);
  void move(SourceReports& reports);
  void send_paths(SourceReports& reports);

  // In the capture.
  Reaction adopt(Message found);
  [[nodiscard]] Reaction note_followed();
  [[nodiscard]] Reaction note_left();
  void hold(Message path);
  void set_state(const std::string& text);

  Plan plan_;
  RecorderFactory recorders_;
  std::vector<std::unique_ptr<CapturedHook>> hooks_;  // the current one is the last
  Found in_place_ = Found::ours;                      // as last reported
  std::string last_error_;                            // as last reported
  std::unique_ptr<CapturedHook> found_;               // by the guardian, and not yet filled
  bool is_followed_ = true;                           // the current one, as last reported
  // Of the current one, as last seen. Nothing after a change of the hook in the capture, which a
  // guardian that is started then did not make: its first look only notes them.
  std::optional<std::vector<std::uint32_t>> noted_users_;
};

}  // namespace xdpcap
