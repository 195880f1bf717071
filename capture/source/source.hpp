// SPDX-License-Identifier: BSD-3-Clause
// The interface of packet sources. A capture has a list of sources, and uses them only through this
// interface; hook_source.hpp implements it for hooks.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/xdp_action.hpp"
#include "base/xdp_buff.hpp"
#include "bpf/program_loader.hpp"
#include "process/guardian.hpp"

namespace xdpcap {

// How a capture makes the recorders of one source.
struct RecorderFactory {
  // The recorder of an action, for programs of a flavour. `next_fd`: a PROG_ARRAY of one entry with
  // the program to call next, which may be installed at any time; -1: none.
  std::function<ebpf::Program(XdpAction, Flavour, int next_fd)> make;
  // The recorder that traces a program, of the packets with these actions; of all at the entry.
  std::function<ebpf::Program(const std::vector<XdpAction>&, TracePoint)> trace;
  // Called when the flavour is known, and whenever it changes.
  std::function<void(const Flavour&)> note_flavour;
  // Called in the guardian, for the programs of the source once they are others than at the start.
  // `before_recorders`: recorders will be made for them; otherwise the present ones stay. Returns
  // lines for the user. An error is one of them: it keeps nobody from capturing.
  std::function<std::vector<std::string>(const std::vector<std::uint32_t>&, bool before_recorders)>
      note_programs;
};

// SourceReports sends reports from a source in the guardian to the same source in the capture: a
// guardian is a fork of the capture (process/guardian.hpp).
class SourceReports {
 public:
  // `unsent` holds the reports that the capture has not yet accepted, and must outlive this.
  // `is_captured`: whether another source of the capture has the hook with this map id.
  SourceReports(const Guardian::Report& report, std::deque<Message>& unsent, std::uint8_t channel,
                std::function<bool(std::uint32_t)> is_captured)
      : report_(report), unsent_(unsent), channel_(channel), is_captured_(std::move(is_captured)) {}

  // A line for the user.
  static constexpr char kNews = 'N';
  void news(std::string line) { post(kNews, std::move(line)); }
  // Queues a report until the capture accepts it.
  void post(char kind, std::string text = {});
  // Sends a report now, after what is queued. False if the capture accepts nothing at the moment.
  [[nodiscard]] bool send(Message message);
  // Sends what is queued, as far as the capture accepts it.
  void flush();
  // A sign of life, to be sent during long operations.
  void alive() const { report_.alive(); }

  [[nodiscard]] bool is_captured_elsewhere(std::uint32_t hook) const { return is_captured_(hook); }

 private:
  const Guardian::Report& report_;
  std::deque<Message>& unsent_;
  std::uint8_t channel_;
  std::function<bool(std::uint32_t)> is_captured_;
};

// What a source is called.
struct SourceTitle {
  // As typed by the user: "/sys/fs/bpf/xdpcap", "eth0".
  std::string name;
  // The first part of the names of its interfaces: "eth0" makes "eth0/XDPdrop". Empty: none.
  std::string label;
  // As written to files: "hook /sys/fs/bpf/xdpcap".
  std::string description;
  // How packets are captured from it, for the user: "hook /sys/fs/bpf/xdpcap of program 12 (lb)".
  std::string how = {};
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  Source(Source&&) = delete;
  Source& operator=(Source&&) = delete;
  virtual ~Source() = default;

  [[nodiscard]] virtual const SourceTitle& title() const = 0;
  // The actions whose packets are captured; they do not change.
  [[nodiscard]] virtual const std::vector<XdpAction>& actions() const = 0;
  // The indexes of the interfaces whose packets are not this source's, sorted.
  [[nodiscard]] virtual std::span<const std::uint32_t> excluded_interfaces() const { return {}; }

  // The ids of the programs whose packets these are, as far as they are known.
  [[nodiscard]] virtual std::vector<std::uint32_t> programs() const { return {}; }

  // In the capture, in this order. ---------------------------------------------------------------

  // Loads the recorders, but does not install them. Throws Error.
  virtual void load(RecorderFactory recorders) = 0;
  // Installs them. Returns lines for the user. Throws Error, and then has changed nothing.
  virtual std::vector<std::string> install() = 0;
  [[nodiscard]] virtual bool is_installed() const = 0;

  // The reaction to a report from the guardian.
  struct Reaction {
    std::string news = {};  // for the user; empty: none
    char order = 0;         // for the guardian; 0: none
    bool changed = false;   // the source, so that a guardian started before this is outdated
  };
  virtual Reaction receive(Message report) = 0;
  // Whether no packets can come from it, as the guardian has reported: nothing is attached there.
  [[nodiscard]] virtual bool is_idle() const { return false; }
  // Whether disconnect() has to be called before the recorders are removed.
  [[nodiscard]] virtual bool is_connected() const { return false; }
  // Removes the recorders that only this process can remove. Called in another thread, while
  // packets are still written.
  virtual void disconnect() {}
  // The recorders are removed. Returns lines for the user.
  virtual std::vector<std::string> forget() = 0;

  // Whether its recorders may forward to others (recorder/forwarder.hpp): they are in slots, and
  // are made by the capture only.
  [[nodiscard]] virtual bool takes_forwarders() const { return false; }

  // Whether packets are captured from the hook with this map id.
  [[nodiscard]] virtual bool captures(std::uint32_t /*hook*/) const { return false; }

  // In the guardian. -----------------------------------------------------------------------------

  // Called once a second: looks for changes, and repairs them if possible.
  virtual void look(SourceReports& reports) = 0;
  // An order that receive() has asked for.
  virtual void take_order(char order, SourceReports& reports) = 0;

  // In either process. ---------------------------------------------------------------------------

  // Removes the recorders; waits at most `lock_timeout` for other captures. Running recorders may
  // continue for some microseconds. Throws Error if some could not be removed: then it can be
  // called again.
  virtual void remove(std::chrono::milliseconds lock_timeout) = 0;
  // The descriptors that the other process needs for all this.
  [[nodiscard]] virtual std::vector<int> descriptors() const = 0;
};

}  // namespace xdpcap
