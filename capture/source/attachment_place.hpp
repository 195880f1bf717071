// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bpf/xdp_attachments.hpp"

namespace xdpcap {

// AttachmentPlace is an interface that programs are attached to, in one mode.
struct AttachmentPlace {
  std::string text;  // as typed by the user
  std::string interface;
  std::string network_namespace;  // empty: the current one
  XdpMode mode = XdpMode::native;

  // The id of the program there; 0 if there is none. Nothing if it cannot be found out.
  [[nodiscard]] std::optional<std::uint32_t> program() const;
};

}  // namespace xdpcap
