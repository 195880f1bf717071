// SPDX-License-Identifier: BSD-3-Clause
// An interface without an XDP program as a source of packets: a recorder is attached to it as its
// program, and passes every packet.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "bpf/xdp_attachments.hpp"
#include "source/source.hpp"

namespace xdpcap {

// The recorder is attached by a BPF link, which only this process has: the kernel detaches it when
// the process ends, however it ends. While the link exists, nobody can attach another program.
class AttachedSource final : public Source {
 public:
  struct Interface {
    std::string name;
    std::string network_namespace;  // empty: the current one
    std::uint32_t index = 0;
  };
  AttachedSource(SourceTitle title, Interface interface);

  [[nodiscard]] const SourceTitle& title() const override { return title_; }
  [[nodiscard]] const std::vector<XdpAction>& actions() const override { return actions_; }

  void load(RecorderFactory recorders) override;
  // In native mode where the driver has it.
  std::vector<std::string> install() override;
  [[nodiscard]] bool is_installed() const override { return link_.valid(); }
  Reaction receive(Message report) override;
  [[nodiscard]] bool is_idle() const override {
    return state_ == State::detached || state_ == State::removed;
  }
  [[nodiscard]] bool is_connected() const override { return link_.valid(); }
  void disconnect() override { link_.reset(); }
  std::vector<std::string> forget() override { return {}; }

  void look(SourceReports& reports) override;
  void take_order(char /*order*/, SourceReports& /*reports*/) override {}

  void remove(std::chrono::milliseconds /*lock_timeout*/) override {}
  [[nodiscard]] std::vector<int> descriptors() const override { return {}; }

 private:
  // As far as the guardian can see.
  enum class State : char {
    attached = 'A',
    renamed = 'R',   // attached, and the interface is not where it was
    detached = 'D',  // by another process; for good, as is the next one
    removed = 'X',   // the interface, and with it the recorder
    missing = 'M',   // the interface is not where it was; more cannot be seen
  };
  // The guardian's report of it.
  static constexpr char kState = 'S';

  [[nodiscard]] State state() const;
  [[nodiscard]] std::optional<std::uint32_t> index_of_link() const;
  [[nodiscard]] std::string name_now() const;
  [[nodiscard]] std::string news_of(State state) const;

  SourceTitle title_;
  Interface interface_;
  std::vector<XdpAction> actions_;
  UniqueFd recorder_;
  UniqueFd link_;
  std::uint32_t recorder_id_ = 0;
  State state_ = State::attached;  // as last reported
};

}  // namespace xdpcap
