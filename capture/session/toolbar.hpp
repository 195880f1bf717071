// SPDX-License-Identifier: BSD-3-Clause
// Wireshark's toolbar, with which the filter and the actions of a running capture are changed.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_action.hpp"
#include "session/changeable_recorders.hpp"
#include "session/options.hpp"
#include "session/recording.hpp"
#include "session/toolbar_messages.hpp"

namespace xdpcap {

// The sentences that declare the controls to Wireshark.
std::string toolbar_controls();

// Toolbar obeys Wireshark in a thread of its own, because filters are compiled and loaded in it.
class Toolbar {
 public:
  struct Plan {
    // Null: nothing can be changed, as `why_not` says.
    ChangeableRecorders* recorders = nullptr;
    std::string why_not = {};
    std::vector<XdpAction> actions = {};  // that are captured
  };
  // Opens the pipes. `options` and the recorders must outlive this. Throws Error.
  Toolbar(const Options& options, Plan plan);
  Toolbar(const Toolbar&) = delete;
  Toolbar& operator=(const Toolbar&) = delete;
  Toolbar(Toolbar&&) = delete;
  Toolbar& operator=(Toolbar&&) = delete;
  ~Toolbar() { stop(); }

  void start();
  // Waits for a change that has begun.
  void stop();

  // The changes since the previous call: packets from its time on are captured as its text says,
  // until the next one. Later ones will have a time after this call.
  std::vector<Recording::Note> take_notes();

 private:
  void run();
  void obey(const ToolbarMessage& message);
  void show_state() const;
  void set_filter(const std::string& text);
  void set_action(std::uint8_t control, bool wanted);
  void change(const std::string& filter_text, const std::set<XdpAction>& unwanted);
  [[nodiscard]] std::string state() const;
  void send(const ToolbarMessage& message) const;
  void say(const std::string& text) const;

  const Options& options_;
  Plan plan_;
  UniqueFd in_;
  UniqueFd out_;
  UniqueFd end_;  // an eventfd
  ToolbarDecoder decoder_;
  std::string filter_text_;  // in force, like the next
  std::set<XdpAction> unwanted_;
  std::mutex mutex_;
  std::vector<Recording::Note> notes_;
  std::thread thread_;
};

}  // namespace xdpcap
