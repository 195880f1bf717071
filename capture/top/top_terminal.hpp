// SPDX-License-Identifier: BSD-3-Clause
// The terminal of the live view, or what is in its place.
#pragma once

#include <termios.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "top/top_frame.hpp"

namespace xdpcap {

// TopTerminal is the program's stdout. On a terminal, it uses the alternate screen, and keys need
// no Enter; both end with leave() or with the object.
class TopTerminal {
 public:
  TopTerminal();
  TopTerminal(const TopTerminal&) = delete;
  TopTerminal& operator=(const TopTerminal&) = delete;
  TopTerminal(TopTerminal&&) = delete;
  TopTerminal& operator=(TopTerminal&&) = delete;
  ~TopTerminal() { leave(); }

  // Whether stdout is a terminal that can move its cursor.
  [[nodiscard]] bool can_redraw() const { return can_redraw_; }
  // Where keys are read from; -1: nowhere.
  [[nodiscard]] int keys_fd() const { return has_keys_ ? 0 : -1; }
  // What leave() needs in another process.
  [[nodiscard]] int fd() const { return terminal_.get(); }
  [[nodiscard]] const TopStyle& style() const { return style_; }
  // All but the last column, in which a character may move the cursor to the next line.
  [[nodiscard]] TopSize size() const;

  // Does nothing while the program runs in the background.
  void enter();
  // May be called in another process: it changes the terminal only.
  void leave();
  // Replaces what the alternate screen shows. False if the terminal is gone.
  bool show(const std::vector<std::string>& lines) const;
  // Outside of it. False if nobody reads any more.
  bool print(const std::vector<std::string>& lines) const;

 private:
  bool write(std::string_view text) const;

  UniqueFd terminal_;  // stdout
  bool can_redraw_;
  bool has_keys_;
  bool is_entered_ = false;
  TopStyle style_;
  termios before_{};
};

}  // namespace xdpcap
