// SPDX-License-Identifier: BSD-3-Clause
// The input is a link type and a filter in tcpdump's syntax, as typed by a user. It is refused with
// an Error or becomes a recorder.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "filter/differential.hpp"
#include "filter/expression.hpp"
#include "fuzz/no_names.hpp"
#include "recorder/recorder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xdpcap;
  if (size == 0) return 0;
  constexpr std::array<int, 4> kLinkTypes = {1, 12, 105, 113};  // EN10MB, RAW, 802.11, Linux SLL
  const LinkType link_type{kLinkTypes[data[0] % kLinkTypes.size()]};
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    const CbpfProgram filter = compile_filter(text, link_type);
    make_recorder({.action = XdpAction(2),
                   .interface_id = 0,
                   .snaplen = kMaxSnaplen,
                   .cpus = 4,
                   .counters_row = 0,
                   .control_fd = 3,
                   .rings_fd = 4,
                   .ring_bytes = 4096,
                   .wakeup_fd = 5,
                   .frags = (data[0] & 0x80) != 0,
                   .has_xdp_load_bytes = (data[0] & 0x80) != 0},
                  filter);
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
