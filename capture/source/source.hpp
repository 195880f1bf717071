// SPDX-License-Identifier: BSD-3-Clause
// Where packets come from. A capture has a list of sources and knows nothing else about them; what
// a source is, in the kernel, is for its implementation (hook_source.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/xdp_action.hpp"
#include "bpf/program_loader.hpp"
#include "process/guardian.hpp"

namespace xdpcap {

// How a capture makes the recorders of one source.
struct RecorderFactory {
  // For packets that get an action, in a program of that flavour. `next_fd`: a PROG_ARRAY of one
  // entry with the program to call afterwards, which may be put in at any time; -1: none.
  std::function<ebpf::Program(XdpAction, Flavour, int next_fd)> make;
  // Called when the flavour is known, and whenever it changes.
  std::function<void(const Flavour&)> note_flavour;
};

// SourceReports is how a source in the guardian reports to its twin in the capture: a guardian is a
// copy of the capture's process (process/guardian.hpp).
class SourceReports {
 public:
  // `unsent` outlives this: it holds what the capture has not taken yet.
  SourceReports(const Guardian::Report& report, std::deque<Message>& unsent, std::uint8_t channel)
      : report_(report), unsent_(unsent), channel_(channel) {}

  // A line for the user.
  static constexpr char kNews = 'N';
  void news(std::string line) { post(kNews, std::move(line)); }
  // A report that is sent again until the capture takes it.
  void post(char kind, std::string text = {});
  // False when the capture takes nothing at the moment.
  [[nodiscard]] bool send(Message message) const;
  // Sends what was posted, as far as the capture takes it.
  void flush();
  // In the middle of something that takes long: the guardian is at work.
  void alive() const { report_.alive(); }

 private:
  const Guardian::Report& report_;
  std::deque<Message>& unsent_;
  std::uint8_t channel_;
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  Source(Source&&) = delete;
  Source& operator=(Source&&) = delete;
  virtual ~Source() = default;

  // As the user named it: "/sys/fs/bpf/xdpcap"; and for files: "hook /sys/fs/bpf/xdpcap".
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual std::string description() const = 0;
  // The actions whose packets are captured: they do not change.
  [[nodiscard]] virtual const std::vector<XdpAction>& actions() const = 0;

  // In the capture, one after the other. ---------------------------------------------------------

  // Loads the recorders; nothing has changed yet. Throws Error.
  virtual void load(RecorderFactory recorders) = 0;
  // Lets packets through them. Returns what the user should know. Throws Error, and then has
  // changed nothing.
  virtual std::vector<std::string> install() = 0;
  [[nodiscard]] virtual bool is_installed() const = 0;

  // What a report from the guardian leads to.
  struct Reaction {
    std::string news = {};  // for the user; empty: none
    char order = 0;         // for the guardian; 0: none
    bool changed = false;   // descriptors() has changed: the guardian has to be replaced
  };
  virtual Reaction receive(Message report) = 0;
  // The guardian has removed the recorders.
  virtual void forget() = 0;

  // In the guardian. -----------------------------------------------------------------------------

  // Once a second: has anything changed, and can it be repaired?
  virtual void look(SourceReports& reports) = 0;
  // An order that receive() has asked for.
  virtual void take_order(char order, SourceReports& reports) = 0;

  // In either of them. ---------------------------------------------------------------------------

  // Removes the recorders; waits at most `lock_timeout` for other captures. Those that are running
  // may continue for some microseconds. Throws Error when some had to stay: that can be tried
  // again.
  virtual void remove(std::chrono::milliseconds lock_timeout) = 0;
  // What the other process needs open to do all this.
  [[nodiscard]] virtual std::vector<int> descriptors() const = 0;
};

}  // namespace xdpcap
