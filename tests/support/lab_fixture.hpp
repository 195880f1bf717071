// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/bpf_object.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {

// LabFixture is three network namespaces in a line, with programs of an object file on their
// links, and a capture.
//
//   left_  l0 --- m0  middle_  m1 --- r0  right_
class LabFixture : public ::testing::Test {
 protected:
  LabFixture() {
    join(left_, "l0", "10.0.0.1/24", middle_, "m0", "10.0.0.2/24");
    join(middle_, "m1", "10.0.1.1/24", right_, "r0", "10.0.1.2/24");
    from_left_ = std::make_unique<PacketSocket>(left_, "l0");
  }

  void load(const std::string& object_file) { object_.emplace(object_file).load(); }
  [[nodiscard]] int program(const char* name) const { return object_.value().program(name); }
  [[nodiscard]] int map(const char* name) const { return object_.value().map(name); }

  void attach(const Namespace& where, const std::string& interface, int program_fd,
              const std::string& mode = "xdpdrv") {
    const std::string name = "attach" + std::to_string(attached_++);
    pins_.pin(program_fd, name);
    where.run({"ip", "link", "set", "dev", interface, mode, "pinned", pins_.path(name)});
  }

  // `value` names a device of the middle.
  template <class Value>
  void fill_devmap(int map_fd, std::uint32_t key, const Value& value) const {
    // The kernel looks its index up in the namespace of who fills the map.
    middle_.call([&] {
      if (bpf_map_update_elem(map_fd, &key, &value, BPF_ANY) != 0) {
        throw system_error("filling the devmap", errno);
      }
    });
  }

  void start_command(const std::vector<std::string>& command) {
    capture_ = std::make_unique<Process>(command);
    ASSERT_TRUE(wait_until_live(*capture_, file_)) << capture_->err();
  }
  [[nodiscard]] ProcessResult end_capture() const {
    capture_->signal(SIGINT);
    return capture_->wait();
  }

  Namespace left_, middle_, right_;
  PinFolder pins_;
  TemporaryFolder files_;
  std::string file_ = files_.path("out.pcap");
  std::unique_ptr<PacketSocket> from_left_;
  std::unique_ptr<Process> capture_;

 private:
  std::optional<BpfObject> object_;
  int attached_ = 0;
};

}  // namespace xdpcap::test
