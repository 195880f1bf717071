// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace xdpcap::test {

// Scenario is an example program with traffic through it, and what its user sees: in the tools that
// send, in the control plane, and in a capture from its hook. Texts are for Lab::script().
struct Scenario {
  std::string name;
  std::string topology;
  std::string helper;  // another program that runs meanwhile; empty for none
  std::string program;
  std::string hook;  // that is captured from
  std::string traffic;
  std::string traffic_shows;  // at the end of the traffic's own output
  std::vector<std::string> program_says;
  std::string filter;  // tshark's display filter
  std::string fields;  // tshark's fields, after the name of the interface
  std::vector<std::string> packets;
};

// For messages of GoogleTest.
inline void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.name;
}

const std::vector<Scenario>& capture_scenarios();

}  // namespace xdpcap::test
