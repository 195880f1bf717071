// SPDX-License-Identifier: BSD-3-Clause
// A program on m0 that passes everything to the network stack of the middle.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "fate/stack_frame.hpp"
#include "support/capture_reader.hpp"
#include "support/lab_fixture.hpp"

namespace xdpcap::test {

// The parameter is the mode of XDP.
class StackLab : public LabFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  StackLab();
  void SetUp() override;

  // The program on m0 is another one from now on.
  void replace_program(const char* name) {
    middle_.run({"ip", "link", "set", "dev", "m0", GetParam(), "off"});
    attach(middle_, "m0", program(name), GetParam());
  }
  void start(const std::vector<std::string>& options = {"--stack"});
  void send(const std::vector<Packet>& frames) const {
    for (const Packet& frame : frames) from_left_->send(frame);
  }
  // Waits until so many packets are in the file.
  void await_written(std::size_t packets) const;
  // Stops the capture, once so many packets are in the file, and reads it.
  void stop(std::size_t packets);
  // A UDP socket of the middle. A `buffer` other than 0 is SO_RCVBUF.
  [[nodiscard]] UniqueFd bound(std::uint16_t port, int buffer = 0) const;
  // The kernel's own counter, such as UdpNoPorts, of the middle.
  [[nodiscard]] std::uint64_t counter(const std::string& name) const;

  // "m0(2)".
  [[nodiscard]] std::string device(const std::string& interface) const {
    return interface + "(" + std::to_string(middle_.interface_index(interface)) + ")";
  }
  [[nodiscard]] std::string with_ingress(const std::string& fate) const {
    return fate + " ingress=" + device("m0") + " rxq=0";
  }
  // What becomes of a packet in the queue of a socket: before Linux 6.3 the kernel does not tell.
  [[nodiscard]] std::string queued() const {
    return with_ingress(tells_of_queues() ? "fate=delivered" : "fate=passed");
  }
  static bool tells_of_queues();
  [[nodiscard]] std::string dropped(const std::string& reason) const {
    return with_ingress("fate=dropped reason=" + reason + " by=stack");
  }
  [[nodiscard]] std::vector<std::string> comments() const;
  // The number in the last column (`column` 5: dropped) of the table's line of m0; columns count
  // from 1, passed.
  [[nodiscard]] std::string in_table(std::size_t column) const;

  std::vector<ReadPacket> packets_;
  std::string err_;
};

}  // namespace xdpcap::test
