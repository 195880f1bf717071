// SPDX-License-Identifier: BSD-3-Clause
#include "source/attachment_place.hpp"

#include "base/error.hpp"

namespace xdpcap {

std::optional<std::uint32_t> AttachmentPlace::program() const {
  try {
    for (const XdpAttachment& one : find_interface(interface, network_namespace).attachments) {
      if (one.mode == mode) return one.program_id;
    }
    return 0;
  } catch (const NotFound&) {  // the interface was removed
    return 0;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace xdpcap
