// SPDX-License-Identifier: BSD-3-Clause
// The live view of a capture's counts in the terminal (--top).
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "session/renderer.hpp"
#include "top/top_frame.hpp"
#include "top/top_table.hpp"
#include "top/top_terminal.hpp"

namespace xdpcap {

// TopScreen shows one capture after another. It draws in a thread of its own, as a terminal may
// stop; keys and changes of the terminal's size are handled there, too. From start() until stop(),
// messages (base/tell.hpp) are shown in its last line.
class TopScreen {
 public:
  // Must be made before other threads are: it blocks SIGWINCH and SIGTSTP. `filter`: as typed.
  // Throws Error.
  explicit TopScreen(const std::string& filter);
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;
  TopScreen(TopScreen&&) = delete;
  TopScreen& operator=(TopScreen&&) = delete;
  ~TopScreen() { stop(); }

  void start();
  // Leaves the alternate screen, and shows the whole table once more.
  void stop();

  // Shows the next capture. `uncounted`: see TopTable.
  std::unique_ptr<Renderer> begin_capture(std::vector<std::string> uncounted);

 private:
  class View;

  void run();
  void draw();
  void take_keys();
  void take_key(char key);
  void take_signals();
  void suspend();
  void note(std::string_view text);
  void update(const Report& report);
  [[nodiscard]] TopStatus status();

  TopTerminal terminal_;
  UniqueFd signals_;  // SIGWINCH, SIGTSTP
  UniqueFd wakeup_;
  std::atomic<bool> stops_ = false;
  std::thread thread_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

  std::mutex mutex_;  // of what follows
  TopTable table_;
  TopTable shown_;  // while paused
  TopStatus status_;
  std::string news_;
  std::chrono::steady_clock::time_point news_until_{};
};

}  // namespace xdpcap
