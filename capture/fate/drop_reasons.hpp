// SPDX-License-Identifier: BSD-3-Clause
// Why the network stack drops packets: the kernel's enum skb_drop_reason, whose numbers differ from
// release to release. Their names are in the kernel's BTF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xdpcap {

// "NO_SOCKET"; "OPENVSWITCH-5" for a reason of a subsystem; "reason-200" if the kernel has no name.
// The first call reads the kernel's BTF.
std::string drop_reason(std::uint32_t number);

// Whether the kernel has a reason of that name, in lower case.
bool is_drop_reason(std::string_view lower_case);

// Its usual cause and the cure; empty for others.
std::string_view explain_drop_reason(std::string_view name);

}  // namespace xdpcap
