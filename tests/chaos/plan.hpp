// SPDX-License-Identifier: BSD-3-Clause
// The options of a capture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "chaos/outages.hpp"
#include "chaos/random.hpp"

namespace xdpcap::chaos {

// Where a capture writes to. A disk is a separate small file system.
enum class Output : std::uint8_t { file, disk, pipe, socket, fifo };

struct Filter {
  const char* text;
  bool (*takes)(unsigned action, unsigned size);
};

struct Plan {
  std::size_t hook = 0;  // which one
  Output output = Output::file;
  bool rotates = false;
  bool follows = false;
  bool drops_privileges = false;
  bool json = false;
  bool chooses_fates = false;  // some packets may not be selected
  unsigned actions = kAllActions;
  const Filter* filter = nullptr;
  std::uint32_t snaplen = 0;
  std::vector<std::string> options{};  // all of the above, as on the command line

  [[nodiscard]] bool is_stream() const { return output >= Output::pipe; }
  [[nodiscard]] bool wants(const Sent& packet) const {
    return (actions >> packet.action & 1U) != 0 && filter->takes(packet.action, packet.size);
  }
};

// Features of captures, as named by --list and --without.
struct Feature {
  const char* name;
  const char* what;
};
const std::vector<Feature>& features();

// A plan for a hook, without some features.
Plan make_plan(Random& random, std::size_t hook, const std::set<std::string>& without);

}  // namespace xdpcap::chaos
